"""Settings on the command line, as the CDK CLI takes them: `-c KEY=VALUE`."""

from collections.abc import Iterable

from cli.errors import UsageError


def parse_context(pairs: Iterable[str]) -> dict[str, str]:
    """The settings by key.

    Raises:
        UsageError: one is not written as KEY=VALUE.
    """
    given = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise UsageError(f"{pair!r} is no setting.", advice="Write KEY=VALUE, as -c max_copies=4.")
        given[key] = value
    return given
