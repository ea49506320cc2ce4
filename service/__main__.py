"""`python -m service`: serve until SIGTERM or Ctrl-C, with the settings from the environment.

Exit codes: 0 stopped; 2 wrong settings; 3 what is needed is not there (endpoint, keys, model files, port).
"""

import os
import signal
import sys
from types import FrameType

from pydantic import ValidationError

from service.settings import PREFIX, Settings, unknown_names
from service.traces import traces_problem


def main() -> int:
    """Serve; return the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            name = f"{PREFIX}{'_'.join(map(str, one['loc']))}".upper() if one["loc"] else "settings"
            _complain(f"{name}: {one['msg'].removeprefix('Value error, ')}")
        return 2
    unknown = unknown_names(os.environ)
    if unknown:
        known = ", ".join(sorted(f"{PREFIX}{name}".upper() for name in Settings.model_fields))
        _complain(f"There is no setting {', '.join(unknown)}; there are: {known}")
        return 2
    problem = traces_problem(os.environ) if settings.traces else ""
    if problem:
        _complain(f"{PREFIX}TRACES is set, and {problem}")
        return 2
    # ONNX Runtime would send usage statistics home; it looks once, when it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Seconds of imports: wrong settings are told before them.
    from service.server import run_server  # noqa: PLC0415

    # Uvicorn handles the signal, and then raises it again for whoever handled it before: the process ends with 0.
    signal.signal(signal.SIGTERM, _ended)
    try:
        return 0 if run_server(settings) else 3
    except KeyboardInterrupt:
        return 0


def _ended(_: int, __: FrameType | None) -> None:
    pass


def _complain(problem: str) -> None:
    print(problem, file=sys.stderr)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
