"""A plan on the terminal: one table of facts, for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model.errors import ModelError
from model.hardware import GIB_IN_MIB, PRICES_READ, PRICES_REGION, InstanceType
from model.limits import ServingLimits
from model.plan import Deployment, Plan
from model.standing_prices import HOURS_PER_MONTH

_GIB = 1024**3
_KIB = 1024


def print_plan(plan: Plan) -> None:
    """Print what a deployment takes, does and costs."""
    console = Console(highlight=False, soft_wrap=True)
    deployment, fit = plan.deployment, plan.fit
    table = _start_table(deployment)
    table.add_section()
    gpu_gib = deployment.instance.gpu.memory_mib / GIB_IN_MIB
    table.add_row(
        "weights", f"{plan.weights_bytes / _GIB:.1f} GiB over {fit.gpus_per_copy} GPU(s) of {gpu_gib:.1f} GiB"
    )
    table.add_row(
        "KV cache", f"{plan.kv_bytes_per_token / _KIB:.0f} KiB a token; room for {fit.kv_tokens:,} tokens a copy"
    )
    table.add_row("host", f"{fit.host_memory_mib:,} MiB and {fit.cpu_cores} cores a copy")
    table.add_row(
        "instances",
        f"room for {fit.copies_per_instance} on each; {fit.min_instances} to {fit.max_instances} instances",
    )
    table.add_row("image", f"{plan.image.repository}:{plan.image.tag}")
    table.add_row("driver", f"{plan.inference_ami} (CUDA {plan.image.cuda[0]}.{plan.image.cuda[1]})")
    table.add_section()
    table.add_row("limits", _describe_limits(deployment.limits))
    table.add_row("room for", _describe_limits(plan.derived_limits))
    table.add_section()
    limits = deployment.limits
    for speed in plan.speeds:
        table.add_row(
            f"{speed.batch_size} streams" if speed.batch_size > 1 else "1 stream",
            f"{speed.stream_tokens_per_s:.0f} tokens/s each, {speed.copy_tokens_per_s:.0f} a copy, at "
            f"{speed.context_tokens:,} tokens each; waits for {speed.bound}",
        )
    table.add_row(
        "first token",
        f"{plan.speeds[0].first_token_s:.2f} s after a prompt of {limits.max_input_tokens:,} tokens on an idle copy",
    )
    table.add_section()
    _add_cost(table, plan)
    console.print(table)
    if plan.blocker:
        console.print(f"[red]fits, but does not deploy like this:[/red] {escape(plan.blocker)}")
    for note in plan.fit.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}")
    console.print(
        f"Speeds are estimates, without a queue. Prices: on demand, {PRICES_REGION}, {PRICES_READ}; instances only."
    )


def print_refusal(deployment: Deployment, error: ModelError) -> None:
    """Print what was asked for, why it would not run, and what would."""
    console = Console(highlight=False, soft_wrap=True)
    table = _start_table(deployment)
    table.add_row("limits", _describe_limits(deployment.limits))
    console.print(table)
    console.print(f"[red]does not fit:[/red] {escape(error.problem)}")
    console.print(escape(error.remedy))


def _start_table(deployment: Deployment) -> Table:
    spec = deployment.spec
    table = Table(show_header=False, title_justify="left", title=escape(spec.model_id))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    served = f"quantized as {spec.quantization}" if spec.quantization else "16 bits a weight"
    table.add_row("model", f"{spec.parameters / 1e9:.2f} x 10^9 parameters, {served}, from {escape(spec.source)}")
    table.add_row("served by", f"{deployment.engine} on {_describe_instance(deployment.instance)}, {deployment.region}")
    for fallback in deployment.fallbacks:
        price = "no known price" if fallback.usd_per_hour is None else f"${fallback.usd_per_hour:.3f} an hour each"
        table.add_row("or, without capacity, by", f"{_describe_instance(fallback)}, {price}")
    table.add_row(
        "copies",
        f"{deployment.min_copies} to {deployment.max_copies}, {deployment.gpus_per_copy} GPU(s) each, "
        f"{deployment.target_concurrency} requests aimed at",
    )
    for share in deployment.beside:
        copies = f"{share.min_copies} to {share.max_copies} copies, {share.gpus_per_copy} GPU(s) each"
        table.add_row("beside it", f"{escape(share.spec.model_id)}, {copies}; instances and cost are of all")
    return table


def _describe_instance(instance: InstanceType) -> str:
    return f"{instance.name} ({instance.gpus} x {instance.gpu.name})"


def _describe_limits(limits: ServingLimits) -> str:
    return (
        f"prompt {limits.max_input_tokens:,}, with answer {limits.max_total_tokens:,}, "
        f"all together {limits.max_batch_total_tokens:,} tokens, {limits.max_concurrent_requests} requests"
    )


def _add_cost(table: Table, plan: Plan) -> None:
    cost = plan.cost
    if cost is None:
        table.add_row("cost", f"not known: no price was found for {plan.deployment.instance.name}")
    else:
        for name, usd in (
            ("idle", cost.idle_usd),
            ("fewest copies", cost.serving_usd),
            ("most copies", cost.busiest_usd),
            ("during updates", cost.ceiling_usd),
        ):
            table.add_row(name, f"${usd:.3f} an hour, ${usd * HOURS_PER_MONTH:,.0f} a month")
    for one in plan.cheaper:
        how = f", quantization={one.quantization}" if one.quantization != plan.deployment.spec.quantization else ""
        gpus = f", gpus_per_copy={one.gpus_per_copy}" if one.gpus_per_copy != plan.deployment.gpus_per_copy else ""
        table.add_row(
            "cheaper" if cost else "known price",
            f"instance_type={one.instance.name}{gpus}{how}: ${one.serving_usd:.3f} to ${one.busiest_usd:.3f} an hour, "
            f"{one.stream_tokens_per_s:.0f} tokens/s for 1 stream",
        )
