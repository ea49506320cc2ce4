"""What a command says when it cannot do what was asked.

CliError
├── UsageError             exit 2   the words of the call are off
├── PrerequisiteError      exit 3   something this machine needs is missing (the CDK CLI, a free port)
├── NotDeployedError       exit 4   there is no stack, endpoint or local AWS to speak to
└── ToolFailedError        exit 5   the CDK CLI or the local AWS failed; the log is named
"""

from pathlib import Path


class CliError(Exception):
    """Base of everything a command reports to a person; its message is printed as it is, without a traceback.

    Attributes:
        exit_code: what the process ends with.
        advice: what to do next, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class UsageError(CliError):
    """The call names something that does not exist."""

    exit_code = 2


class PrerequisiteError(CliError):
    """This machine lacks something that the command needs."""

    exit_code = 3


class NotDeployedError(CliError):
    """There is nothing to speak to."""

    exit_code = 4


class ToolFailedError(CliError):
    """A program that the command runs ended with an error.

    Attributes:
        log_file: where its whole output is.
    """

    exit_code = 5

    def __init__(self, message: str, *, log_file: Path, advice: str = "") -> None:
        super().__init__(f"{message}\nThe whole output: {log_file}", advice=advice)
        self.log_file = log_file
