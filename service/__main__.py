"""`python -m service`: serve until SIGTERM or Ctrl-C, with the settings from the environment.

Exit codes: 0 stopped; 2 wrong settings; 3 what is needed is not there (endpoint, keys, model files, port).
"""

import signal
import sys
from types import FrameType

from service.errors import SettingsError
from service.settings import read_settings


def main() -> int:
    """Serve; return the exit code."""
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 2
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


if __name__ == "__main__":
    sys.exit(main())
