"""The project's own documentation: the first corpus that the twin answers from."""

from pathlib import Path

from cli.commands.ingest import ingest_paths
from cli.progress import Progress
from cli.project import Project
from rag.document import Category, Metadata

_PATHS = ("README.md", "CHANGELOG.md", "docs")


def ingest_documentation(project: Project, progress: Progress, *, store: Path) -> None:
    """Take it into a store; nothing is embedded that is there already.

    Raises:
        RagError: the store cannot be written.
    """
    paths = [project.root / name for name in _PATHS if (project.root / name).exists()]
    defaults = Metadata(category=Category.ARTICLE)
    ingest_paths(project, progress, paths, store=str(store), base=project.root, defaults=defaults)
