"""Why a component failed, in the words of AWS followed by the container's own.

AWS says that the ping health check was not passed and points to the log. Here the last lines of the log are in the
reason too, and so in what the CDK prints.
"""

from collections.abc import Sequence

# AWS cuts a FailureReason there.
_MAX_CHARACTERS = 1024

NO_CAPACITY = (
    "There is not enough hardware resources on the instances for this endpoint to create a copy of the inference "
    "component."
)


def ended(component: str, *, exit_code: int, was_ready: bool, last_lines: Sequence[str]) -> str:
    """The process ended by itself."""
    how = f"was ended by signal {-exit_code}" if exit_code < 0 else f"exited with code {exit_code}"
    when = "after" if was_ready else "before"
    return _reason(f"{_container(component)} {how} {when} it passed the ping health check.", last_lines)


def not_ready_in_time(component: str, *, timeout_s: float, last_lines: Sequence[str]) -> str:
    """The process did not answer /ping in the time that the specification gives it."""
    return _reason(
        f"{_container(component)} did not pass the ping health check within {timeout_s:g} seconds.", last_lines
    )


def _container(component: str) -> str:
    return f"The container for inference component {component}"


def _reason(what: str, last_lines: Sequence[str]) -> str:
    """As many of the last lines as fit; of a last line that is too long its beginning, which names the error."""
    lead = f"{what} Please check CloudWatch logs for this inference component. Its last lines: "
    room = _MAX_CHARACTERS - len(lead)
    *earlier, told = last_lines or ("(none)",)
    for line in reversed(earlier):
        if len(line) + 1 + len(told) > room:
            break
        told = f"{line}\n{told}"
    return lead + (told if len(told) <= room else f"{told[: room - 1]}…")
