"""The three tables: deployments judged, tokens of KV cache, decoding speeds."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model import catalog
from model.engines import Engine, traits_of
from model.errors import ModelError
from model.fit import check_fit
from model.hardware import InstanceType, find_instance
from model.limits import ServingLimits
from model.memory import count_kv_tokens
from model.roofline import estimate_speed
from model.spec import ModelSpec, Quantization

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))


def read_spec(entry: dict) -> ModelSpec:
    quantization = entry.get("quantization")
    spec = catalog.find(entry["model"])
    # Some ran with stretched positions.
    positions = max(spec.max_positions, entry.get("max_total_tokens", 0))
    spec = replace(spec, max_positions=positions)
    return replace(spec, quantization=Quantization(quantization)) if quantization else spec


def read_instance(entry: dict) -> InstanceType:
    instance = find_instance(entry["instance"])
    if "gpu_memory_mib" not in entry:
        return instance
    return replace(instance, gpu=replace(instance.gpu, memory_mib=entry["gpu_memory_mib"]))


def judge(entry: dict) -> tuple[str, str]:
    """Return `works` or `fails`, as fit judges the deployment, and why."""
    prefill, total = entry["prefill_tokens"], entry["max_total_tokens"]
    limits = ServingLimits(
        max_input_tokens=min(prefill, total - 1),
        max_total_tokens=total,
        max_batch_prefill_tokens=prefill,
        max_batch_total_tokens=max(prefill, total),
        # Whether others would have to wait is not what was reported.
        max_concurrent_requests=1,
    )
    try:
        fit = check_fit(
            spec=read_spec(entry),
            limits=limits,
            instance=read_instance(entry),
            gpus_per_copy=entry["gpus"],
            min_copies=1,
            max_copies=1,
            engine=Engine(entry["engine"]),
        )
    except ModelError as error:
        return "fails", error.problem
    return "works", f"room for {fit.kv_tokens} tokens"


def reckon_kv_tokens(entry: dict) -> int:
    return count_kv_tokens(
        read_spec(entry),
        gpu=read_instance(entry).gpu,
        gpus=entry["gpus"],
        prefill_tokens=entry["prefill_tokens"],
        frees_windows=traits_of(Engine(entry["engine"])).frees_windows,
    )


def reckon_speed(entry: dict) -> float:
    return estimate_speed(
        read_spec(entry),
        gpu=read_instance(entry).gpu,
        gpus=entry["gpus"],
        batch_size=entry["batch_size"],
        # The sources measured short prompts and a few hundred tokens of answer.
        prompt_tokens=100,
        context_tokens=300,
    ).copy_tokens_per_s


def main() -> None:
    console = Console(width=160)
    _print_deployments(console)
    _print_figures(console, "tokens of KV cache", PUBLISHED["kv_tokens"], "kv_tokens", reckon_kv_tokens)
    _print_figures(console, "tokens per second of a copy", PUBLISHED["speeds"], "copy_tokens_per_s", reckon_speed)


def _print_deployments(console: Console) -> None:
    table = Table("model", "engine", "on", "tokens", "reported", "judged", "", title="deployments")
    right = 0
    for entry in PUBLISHED["deployments"]:
        judged, why = judge(entry)
        right += judged == entry["outcome"]
        where = f"{entry['gpus']} GPU of {entry['instance']}" + (" (other GPU)" if "gpu_memory_mib" in entry else "")
        mark = "" if judged == entry["outcome"] else "WRONG: "
        table.add_row(
            read_spec(entry).model_id.partition("/")[2],
            entry["engine"],
            where,
            str(entry["max_total_tokens"]),
            entry["outcome"],
            judged,
            mark + why,
        )
    console.print(table)
    console.print(f"{right} of {len(PUBLISHED['deployments'])} judged right; {len(PUBLISHED['not_judged'])} not judged")


def _print_figures(console, title, entries, key, reckon) -> None:
    table = Table("model", "on", "published", "reckoned", "difference", title=title)
    differences = []
    for entry in entries:
        reckoned, published = reckon(entry), entry[key]
        differences.append(reckoned / published - 1)
        batch = f", {entry['batch_size']} streams" if entry.get("batch_size", 1) > 1 else ""
        table.add_row(
            entry["model"].partition("/")[2],
            f"{entry['gpus']} GPU of {entry['instance']}{batch}",
            f"{published:g}",
            f"{reckoned:.0f}",
            f"{differences[-1]:+.0%}",
        )
    console.print(table)
    sizes = sorted(abs(difference) for difference in differences)
    near = sum(size <= 0.2 for size in sizes)
    console.print(
        f"median difference {statistics.median(sizes):.0%}, {near} of {len(sizes)} within 20%, worst {sizes[-1]:.0%}"
    )
