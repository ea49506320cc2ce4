"""Where things are in a checkout: the app, the CDK CLI, and the folder that holds what is running."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from cli.errors import PrerequisiteError


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
    def programs(self) -> Path:
        """The folder of this environment's programs: python, node, and what jsii needs on its PATH."""
        return Path(sys.executable).parent
