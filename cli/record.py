"""The record of what `twin up` left running: the local AWS, what was deployed to it, and the service beside it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.environment import LocalEnvironment
from cli.processes import is_alive
from cli.project import Project


@dataclass(frozen=True, kw_only=True)
class Record:
    """One running local AWS.

    Attributes:
        pid: its process.
        stage: the stage deployed to it.
        service_pid: the process of the business microservice; None where it was not started.
        service_url: where its page is.
    """

    pid: int
    endpoint_url: str
    region: str
    stage: str
    service_pid: int | None = None
    service_url: str | None = None

    @staticmethod
    def file(project: Project) -> Path:
        """Where the record is kept."""
        return project.state / "running.json"

    @classmethod
    def read(cls, project: Project) -> "Record | None":
        """The record of a local AWS that still runs; None where there is none, or where its process is gone."""
        try:
            record = cls(**json.loads(cls.file(project).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return record if is_alive(record.pid) else None

    def write(self, project: Project) -> None:
        """Keep the record, whole or not at all."""
        target = self.file(project)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(target)

    @classmethod
    def remove(cls, project: Project) -> None:
        """Forget the record."""
        cls.file(project).unlink(missing_ok=True)

    def environment(self, project: Project) -> LocalEnvironment:
        """The environment of its clients."""
        return LocalEnvironment(endpoint_url=self.endpoint_url, region=self.region, cdk_home=project.state / "cdk-home")
