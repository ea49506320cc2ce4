"""Which AWS a command speaks to: the one in the environment, or the local AWS that `twin up` left running."""

import os

from cli.errors import NotDeployedError
from cli.progress import Progress
from cli.project import Project
from cli.record import Record


def choose_target(project: Project, progress: Progress, *, aws: bool) -> None:
    """Make this process a client of the AWS that is meant.

    ``AWS_ENDPOINT_URL`` decides where it is set. Where it is not, and `twin up` left a local AWS running, that one is
    meant, and the command says so; ``aws`` (the option ``--aws``) means the account all the same.
    """
    if aws or os.environ.get("AWS_ENDPOINT_URL"):
        return
    record = Record.read(project)
    if record:
        record.environment(project).enter()
        progress.say(f"speaking to the local AWS on {record.endpoint_url} (--aws for the account instead)")


def running_record(project: Project) -> Record:
    """The record of the local AWS.

    Raises:
        NotDeployedError: none runs.
    """
    record = Record.read(project)
    if record is None:
        raise NotDeployedError("No local AWS of this project is running.", advice="Start it with `make up`.")
    return record
