"""Settings on the command line, as the CDK CLI takes them: `-c KEY=VALUE`."""

from collections.abc import Iterable, Mapping

from cli.errors import UsageError

_STAGE = "dev"


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


def settle_context(pairs: Iterable[str], options: Mapping[str, str | None]) -> dict[str, str]:
    """The settings by key, with those that the command has options of its own for; stage dev unless one is said.

    Args:
        pairs: `KEY=VALUE`, as on the command line.
        options: what the options say, by the settings that they stand for; None where an option was not given.

    Raises:
        UsageError: a pair is not written as KEY=VALUE, or an option says another value than a pair does.
    """
    given = parse_context(pairs)
    for key, value in options.items():
        if value is None:
            continue
        if given.get(key, value) != value:
            raise UsageError(f"{key} is {value!r}, and {given[key]!r} by -c {key}={given[key]}.", advice="Say it once.")
        given[key] = value
    return {"stage": _STAGE} | given
