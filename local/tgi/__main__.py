"""`python -m local.tgi`: the container of one copy, as a process."""

import sys

from local.llama.command_line import Arguments, run_container
from local.tgi.log import configure_logging
from local.tgi.server import run
from local.tgi.settings import Settings

_DESCRIPTION = (
    "Text Generation Inference's HTTP contract over llama.cpp. Everything else is set by the environment variables of "
    "TGI's SageMaker image (HF_MODEL_ID, MAX_TOTAL_TOKENS, ...)."
)


def main() -> int:
    """Serve; return the exit status."""
    return run_container("local.tgi", _DESCRIPTION, _serve, models=("HF_MODEL_ID", "MODEL_ID"))


def _serve(arguments: Arguments) -> None:
    settings = Settings.from_environment(arguments.variables, model_file=arguments.model_file)
    configure_logging(level=settings.log_level, json_output=settings.json_output)
    run(settings, host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    sys.exit(main())
