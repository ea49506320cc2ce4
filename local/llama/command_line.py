"""The arguments and the end of a container's process, whichever contract it speaks."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.lifeline import end_with_stdin
from local.llama.errors import StartupError
from local.llama.weights import SMALL_MODEL_ID


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """How a container is started.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 for any that is free.
        model_file: GGUF file to serve, whatever the environment says; None for what it says.
        variables: the container's environment, with a model in it.
    """

    host: str
    port: int
    model_file: Path | None
    variables: Mapping[str, str]


def run_container(module: str, description: str, serve: Callable[[Arguments], None], *, models: tuple[str, ...]) -> int:
    """Read the command line and serve; return the exit status: 1 after saying why not, on the last line of stderr.

    Args:
        module: that is run.
        description: what it is.
        serve: serves until a signal ends it.
        models: the variables that can name a model. Where none does and a person starts it, the small model is served.
    """
    parsed = _parse(module, description, model_variable=models[0])
    if parsed.exit_with_stdin:
        end_with_stdin()
    variables = dict(os.environ)
    if not parsed.exit_with_stdin and variables.keys().isdisjoint(models):
        # Started by hand: there is one model to serve. A container has to be told, as on SageMaker.
        variables["HF_MODEL_ID"] = SMALL_MODEL_ID
    try:
        serve(Arguments(host=parsed.host, port=parsed.port, model_file=parsed.model_file, variables=variables))
    except StartupError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(module: str, description: str, *, model_variable: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port to listen on (default: %(default)s)")
    parser.add_argument("--model-file", type=Path, help=f"GGUF file to serve, whatever {model_variable} says")
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="run as another process's container: end when stdin ends, and insist on a model",
    )
    return parser.parse_args()


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) > 65535:
        raise argparse.ArgumentTypeError(f"{value!r} is not a port: allowed are 0 to 65535")
    return int(value)
