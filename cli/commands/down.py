"""`twin down`: stop the service, destroy what `twin up` deployed, and stop the local AWS."""

from cli.errors import ToolFailedError
from cli.processes import end
from cli.progress import Progress
from cli.project import Project
from cli.record import Record
from cli.rehearsal import Rehearsal
from cli.service_process import STOP_TIMEOUT_S


def down() -> None:
    """Destroy what `up` deployed and stop the local AWS; no error where nothing runs."""
    project = Project.locate()
    progress = Progress()
    record = Record.read(project)
    if record is None:
        Record.remove(project)
        progress.say("nothing is running")
        return
    rehearsal = Rehearsal(
        project=project,
        progress=progress,
        environment=record.environment(project),
        stage=record.stage,
        folder=project.state / "up",
    )
    if record.service_pid is not None:
        with progress.step("stopping the service"):
            end(record.service_pid, timeout_s=STOP_TIMEOUT_S)
    try:
        if (rehearsal.assembly / "manifest.json").is_file():
            rehearsal.destroy()
    except ToolFailedError as error:
        progress.say(f"{error}\nThe local AWS is stopped all the same; what it held goes with it.")
    with progress.step("stopping the local AWS"):
        end(record.pid)
    Record.remove(project)
