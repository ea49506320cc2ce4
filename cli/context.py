"""Settings on the command line, as the CDK CLI takes them: `-c KEY=VALUE`."""

from collections.abc import Iterable, Mapping

from cli.errors import UsageError


def parse_context(pairs: Iterable[str], *, without: Mapping[str, str] | None = None) -> dict[str, str]:
    """The settings by key.

    Args:
        pairs: each as KEY=VALUE.
        without: settings that the command does not take so, and what decides them.

    Raises:
        UsageError: one is not written as KEY=VALUE, or is none of this command's.
    """
    given = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise UsageError(f"{pair!r} is no setting.", advice="Write KEY=VALUE, as -c max_copies=4.")
        if without and key in without:
            raise UsageError(f"-c {key} is no setting of this command.", advice=without[key])
        given[key] = value
    return given
