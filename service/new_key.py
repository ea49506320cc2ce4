"""`python -m service.new_key NAME [--scope ask|write]… [--days N]`: make an API key.

The key goes to standard output, once; what to store of it, to standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from service.api_keys import Scope, make_key


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a key and say what to do with it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m service.new_key", description="Make an API key of the service.")
    parser.add_argument("name", help="who will use it; appears in logs")
    parser.add_argument(
        "--scope", action="append", choices=[s.value for s in Scope], help="what it allows; default: ask"
    )
    parser.add_argument("--days", type=int, help="end it after so many days; default: never")
    parsed = parser.parse_args(arguments)
    if parsed.days is not None and parsed.days < 1:
        parser.error(f"--days is {parsed.days}; allowed: 1 or more.")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=parsed.days) if parsed.days else None
    try:
        key, stored = make_key(parsed.name, scopes=[Scope(s) for s in parsed.scope or ["ask"]], expires_at=expires_at)
    except ValidationError:
        parser.error(f"the name is {parsed.name!r}; allowed: 1 to 64 letters, digits and any of . _ @ -")
    print(key)  # noqa: T201 - a command's output
    print(  # noqa: T201 - a command's output
        f"Hand the key above to its user; it cannot be shown again. Add this to the keys document:\n"
        f"{stored.model_dump_json(exclude_none=True)}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
