"""`python -m local.vllm`: the container of one copy, as a process."""

import sys

from local.llama.command_line import Arguments, run_container
from local.vllm.log import configure_logging
from local.vllm.server import run
from local.vllm.settings import Settings

_DESCRIPTION = (
    "vLLM's HTTP contract over llama.cpp. Everything else is set by the environment variables of vLLM's SageMaker "
    "image (SM_VLLM_MODEL, SM_VLLM_MAX_MODEL_LEN, ...)."
)


def main() -> int:
    """Serve; return the exit status. A wrong flag ends it with 2, as vLLM."""
    return run_container("local.vllm", _DESCRIPTION, _serve, models=("SM_VLLM_MODEL", "HF_MODEL_ID"))


def _serve(arguments: Arguments) -> None:
    settings = Settings.from_environment(arguments.variables, model_file=arguments.model_file)
    configure_logging(settings.log_level)
    run(settings, host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    sys.exit(main())
