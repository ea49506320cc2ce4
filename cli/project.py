"""Where things are in a checkout: the app, the CDK CLI, and the folder that holds what is running."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import PrerequisiteError, UsageError
from model.added import FILE_NAME, read_added
from model.errors import ModelError
from model.spec import ModelSpec


@dataclass(frozen=True)
class Project:
    """One checkout of llm-twin.

    Attributes:
        root: the folder with cdk.json and app.py.
    """

    root: Path

    @classmethod
    def locate(cls) -> "Project":
        """The checkout that this program was installed from.

        Raises:
            PrerequisiteError: the program was installed without the checkout, so there is nothing to deploy.
        """
        root = Path(__file__).resolve().parent.parent
        if not (root / "cdk.json").is_file():
            raise PrerequisiteError(
                f"{root} holds no cdk.json: `twin` runs from a checkout of llm-twin.",
                advice="Clone the project and run `make setup` in it.",
            )
        return cls(root)

    @property
    def state(self) -> Path:
        """The folder for logs and for the record of a running local AWS; not in version control."""
        return self.root / ".twin"

    @property
    def added_models(self) -> Mapping[str, ModelSpec]:
        """The models that `twin model add` added to the catalogue, by id.

        Raises:
            UsageError: their file is not of its form.
        """
        try:
            return read_added(self.root / FILE_NAME)
        except ModelError as error:
            raise UsageError(error.problem, advice=error.remedy) from error

    @property
    def cdk(self) -> Path:
        """The CDK CLI.

        Raises:
            PrerequisiteError: it is not installed.
        """
        for candidate in (self.root / "node_modules/.bin/cdk", Path(shutil.which("cdk") or "")):
            if candidate.is_file():
                return candidate
        raise PrerequisiteError("The CDK CLI is not installed.", advice="Run `make setup`.")

    @property
    def node_cache(self) -> Path:
        """The folder where node keeps what it has compiled of the CDK CLI; gone with what was installed."""
        return self.root / "node_modules/.cache/node"

    @property
    def programs(self) -> Path:
        """The folder of this environment's programs: python, node, and what jsii needs on its PATH."""
        return Path(sys.executable).parent
