"""``python -m local.aws``: AWS on this machine until interrupted."""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

from local.aws.errors import LocalAwsError
from local.aws.listener import listen
from local.lifeline import end_with_stdin


def main(arguments: list[str] | None = None) -> int:
    """Run the local AWS; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.aws", description="AWS on this machine, for rehearsals.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=4566, help="port to listen on, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Path(".twin") / "aws",
        help="folder for the output of containers (default: %(default)s)",
    )
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="end when stdin ends: with the process that started this one"
    )
    parser.add_argument(
        "--startup-share",
        type=_share,
        default=1.0,
        help="part of the time to start in a template that containers are given: what takes an hour to time out on AWS "
        "is rehearsed in a minute with 0.02 (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.exit_with_stdin:
        end_with_stdin()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # One line for every request to a container says nothing that the container's own log does not.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        _serve(options.host, options.port, options.state_dir, startup_share=options.startup_share)
    except LocalAwsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the one line that says why
        return 1
    return 0


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: allowed is more than 0 and at most 1")
    return share


def _serve(host: str, port: int, state_dir: Path, *, startup_share: float) -> None:
    with listen(host, port) as listener:
        from local.aws.composition import make_services  # noqa: PLC0415 - seconds of imports: a taken port is said first
        from local.aws.server import serve  # noqa: PLC0415 - as above

        state_dir.mkdir(parents=True, exist_ok=True)
        services = make_services(
            port=listener.getsockname()[1], state_dir=state_dir, environment=os.environ, startup_share=startup_share
        )
        serve(services, listener)


def _end(exit_code: int) -> NoReturn:
    """End the process at once: everything is closed by now, and unloading all of moto would take a second or two."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(exit_code)


if __name__ == "__main__":
    _end(main())
