"""`python -m local.vllm`: the container of one copy, as a process."""

import argparse
import os
import sys
from pathlib import Path

from local.lifeline import end_with_stdin
from local.llama.errors import StartupError
from local.llama.weights import SMALL_MODEL_ID
from local.vllm.log import configure_logging
from local.vllm.server import run
from local.vllm.settings import Settings


def main() -> int:
    """Serve; return 1 after saying why not, on the last line of stderr. A wrong flag ends it with 2, as vLLM."""
    arguments = _parse_arguments()
    if arguments.exit_with_stdin:
        end_with_stdin()
    variables = dict(os.environ)
    try:
        if not arguments.exit_with_stdin and not ({"SM_VLLM_MODEL", "HF_MODEL_ID"} & variables.keys()):
            # Started by hand: there is one model to serve. A container has to be told, as on SageMaker.
            variables["HF_MODEL_ID"] = SMALL_MODEL_ID
        settings = Settings.from_environment(variables, model_file=arguments.model_file)
        configure_logging(settings.log_level)
        run(settings, host=arguments.host, port=arguments.port)
    except StartupError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.vllm",
        description="vLLM's HTTP contract over llama.cpp. Everything else is set by the environment variables of "
        "vLLM's SageMaker image (SM_VLLM_MODEL, SM_VLLM_MAX_MODEL_LEN, ...).",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port to listen on (default: %(default)s)")
    parser.add_argument("--model-file", type=Path, help="GGUF file to serve, whatever SM_VLLM_MODEL says")
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


if __name__ == "__main__":
    sys.exit(main())
