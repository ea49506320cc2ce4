"""The post-deploy smoke invocation: ``python -m inference_client.smoke``.

It asks the deployed endpoint once by InvokeEndpoint and once by InvokeEndpointWithResponseStream, and prints the
answers with their tokens and timings. Which endpoint: the one named, or that of the stack, outputs file or stage named,
or that of stage LLM_TWIN_STAGE, or that of the only stack called llm-twin-<stage>-endpoint.

Exit codes: 0 both answered; 2 wrong usage or settings, or several stages to choose from; 3 no deployed stack; 4 no
valid AWS credentials, or access denied; 5 endpoint or component not found, failed or not in service; 6 no running copy
in the time given; 7 the model or SageMaker answered an error; 8 no connection, no answer in time, or one that broke
off; 130 interrupted.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import boto3

from . import errors
from ._address import EndpointAddress
from ._answer import Generation
from ._client import EndpointClient
from ._options import ClientOptions, Waiting
from ._outputs import stack_names
from ._parameters import GenerationParameters
from ._progress import Progress

STACK_NAME = re.compile(r"llm-twin-(?P<stage>.+)-endpoint")
DEFAULT_PROMPT = "Write one sentence about AWS SageMaker inference endpoints."

# The first row that matches decides.
EXIT_CODES: tuple[tuple[tuple[type[errors.InferenceClientError], ...], int], ...] = (
    ((errors.StackNotDeployedError, errors.StackNotReadyError), 3),
    ((errors.CredentialsError, errors.AccessDeniedError), 4),
    (
        (
            errors.EndpointNotFoundError,
            errors.ComponentNotFoundError,
            errors.ComponentRequiredError,
            errors.AmbiguousComponentError,
            errors.DeploymentFailedError,
            errors.NotInServiceError,
        ),
        5,
    ),
    ((errors.NoCapacityError, errors.ModelNotReadyError), 6),
    ((errors.ConfigurationError,), 2),
    ((errors.TransportError,), 8),
    ((errors.InferenceClientError,), 7),
)


@dataclass(frozen=True, kw_only=True)
class SmokeReport:
    """What was asked of whom, and both answers."""

    address: EndpointAddress
    prompt: str
    plain: Generation
    streamed: Generation


def smoke(client: EndpointClient, *, prompt: str, parameters: GenerationParameters, progress: Progress) -> SmokeReport:
    """Look whether the endpoint is in service, then ask it in one piece and as a stream.

    Raises:
        InferenceClientError: one of these failed, or an answer was empty.
    """
    progress.label = f"looking at {client.address.endpoint_name}"
    # Who may invoke may not always describe; then the invocation itself tells.
    with suppress(errors.AccessDeniedError):
        client.wait_until_in_service(
            timeout_s=client.options.wait_for_capacity_s,
            on_wait=lambda wait: setattr(progress, "label", f"{wait.reason}; waiting up to {wait.limit_s:.0f} s"),
        )
    progress.label = f"asking {client.address.endpoint_name} in one piece"
    plain = client.generate(prompt, parameters=parameters, streamed=False)
    progress.label = f"asking {client.address.endpoint_name} for a stream"
    with client.stream(prompt, parameters=parameters) as stream:
        for event in stream:
            progress.label = f"token {event.index} of at most {parameters.max_new_tokens}"
        streamed = stream.generation
    for how, answer in (("in one piece", plain), ("as a stream", streamed)):
        if not answer.usage.generated_tokens:
            raise errors.UnexpectedAnswerError(f"The answer {how} has no tokens; read the container's log.")
    return SmokeReport(address=client.address, prompt=prompt, plain=plain, streamed=streamed)


def resolve_address(
    *,
    stage: str | None = None,
    stack_name: str | None = None,
    outputs_file: str | None = None,
    endpoint_name: str | None = None,
    component_name: str | None = None,
    session: boto3.session.Session | None = None,
) -> EndpointAddress:
    """Find the endpoint that is meant; see the module.

    Raises:
        InferenceClientError: it is not deployed, not ready, or there are several.
    """
    if endpoint_name is not None:
        return EndpointAddress(endpoint_name=endpoint_name, inference_component_name=component_name)
    if outputs_file is not None:
        return EndpointAddress.from_outputs_file(outputs_file, stack_name=stack_name)
    if stack_name is None:
        stage = stage or os.environ.get("LLM_TWIN_STAGE") or _only_stage(session)
        stack_name = f"llm-twin-{stage}-endpoint"
    return EndpointAddress.from_stack(stack_name, session=session)


def _only_stage(session: boto3.session.Session | None) -> str:
    stages = [match["stage"] for name in stack_names(STACK_NAME, session=session) if (match := STACK_NAME.match(name))]
    if len(stages) == 1:
        return stages[0]
    if stages:
        raise errors.ConfigurationError(f"Several stages are deployed; pass --stage, one of: {', '.join(stages)}.")
    raise errors.StackNotDeployedError(
        "No stack called llm-twin-<stage>-endpoint is deployed in this account and region. Deploy one, or pass "
        "--stack, --outputs-file or --endpoint."
    )


def main(argv: Sequence[str] | None = None, *, session: boto3.session.Session | None = None) -> int:
    """Run the smoke invocation; the exit code says how it went."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.component and not arguments.endpoint:
        parser.error("--component goes with --endpoint")
    if arguments.endpoint and (arguments.stage or arguments.stack or arguments.outputs_file):
        parser.error("--endpoint goes without --stage, --stack and --outputs-file")
    if arguments.stage and (arguments.stack or arguments.outputs_file):
        parser.error("--stage goes without --stack and --outputs-file")
    try:
        parameters = GenerationParameters(max_new_tokens=arguments.max_new_tokens)
        with Progress("finding the endpoint") as progress:
            address = resolve_address(
                stage=arguments.stage,
                stack_name=arguments.stack,
                outputs_file=arguments.outputs_file,
                endpoint_name=arguments.endpoint,
                component_name=arguments.component,
                session=session,
            )
            options = ClientOptions(
                wait_for_capacity_s=arguments.wait_for_capacity_s, on_wait=lambda wait: _show_wait(progress, wait)
            )
            with EndpointClient(address, options=options, session=session) as client:
                report = smoke(client, prompt=arguments.prompt, parameters=parameters, progress=progress)
    except errors.InferenceClientError as error:
        return _failed(error, as_json=arguments.json)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    sys.stdout.write(_as_json(report) if arguments.json else _as_text(report))
    return 0


def _show_wait(progress: Progress, wait: Waiting) -> None:
    progress.label = f"no running copy yet; waiting up to {wait.limit_s:.0f} s for one"


def _failed(error: errors.InferenceClientError, *, as_json: bool) -> int:
    code = next(code for types, code in EXIT_CODES if isinstance(error, types))
    sys.stderr.write(f"smoke failed: {error}\n")
    if as_json:
        facts = {
            "type": type(error).__name__,
            "message": str(error),
            "retryable": error.retryable,
            "status": error.status,
            "request_id": error.request_id,
            "partial_text": error.partial_text,
        }
        sys.stdout.write(json.dumps({"ok": False, "exit_code": code, "error": facts}, indent=2) + "\n")
    return code


def _as_json(report: SmokeReport) -> str:
    return json.dumps({"ok": True, "exit_code": 0, **asdict(report)}, indent=2) + "\n"


def _as_text(report: SmokeReport) -> str:
    address = report.address
    lines = [f"endpoint   {address.endpoint_name}"]
    if address.inference_component_name:
        lines.append(f"component  {address.inference_component_name}")
    if address.model_id:
        lines.append(f"model      {address.model_id} ({address.engine})")
    lines.append(f"prompt     {report.prompt}")
    for how, answer in (("plain", report.plain), ("stream", report.streamed)):
        lines += ["", f"{how:<10} {answer.text.strip()}", f"{'':<10} {_facts(answer)}"]
    return "\n".join(lines) + "\n"


def _facts(answer: Generation) -> str:
    usage, timings = answer.usage, answer.timings
    facts = [
        f"{usage.generated_tokens} tokens out" + (f", {usage.input_tokens} in" if usage.input_tokens else ""),
        f"finished by {answer.finish_reason}" if answer.finish_reason else "",
        f"first token {timings.time_to_first_token_s:.2f} s" if timings.time_to_first_token_s is not None else "",
        f"total {timings.total_s:.2f} s",
        f"{timings.tokens_per_s:.1f} tokens/s" if timings.tokens_per_s is not None else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference_client.smoke",
        description="Ask a deployed endpoint once in one piece and once as a stream.",
        epilog="Exit codes: " + (__doc__ or "").partition("Exit codes: ")[2],
    )
    which = parser.add_argument_group("which endpoint (default: stage LLM_TWIN_STAGE, or the only one deployed)")
    which.add_argument("--stage", help="the stack llm-twin-STAGE-endpoint")
    which.add_argument("--stack", metavar="NAME", help="this stack")
    which.add_argument("--outputs-file", metavar="FILE", help="what `cdk deploy --outputs-file FILE` wrote")
    which.add_argument("--endpoint", metavar="NAME", help="this endpoint")
    which.add_argument("--component", metavar="NAME", help="with --endpoint: this component; default: its only one")
    parser.add_argument("--prompt", default=DEFAULT_PROMPT)
    parser.add_argument("--max-new-tokens", type=int, default=40, metavar="N")
    parser.add_argument(
        "--wait-for-capacity-s",
        type=float,
        default=300.0,
        metavar="S",
        help="how long to wait for a component that is scaled to zero (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
