"""One rehearsal on this machine: a local AWS, and a stage deployed to it by the real CDK CLI."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.cdk import Cdk
from cli.environment import ACCOUNT_ID, LocalEnvironment
from cli.progress import Progress
from cli.project import Project


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The steps that take a stage from nothing to deployed, and back.

    Attributes:
        context: settings that are other than the stage's, as `cdk -c` takes them.
        folder: where the cloud assembly, the outputs and the logs of this rehearsal are.
    """

    project: Project
    progress: Progress
    environment: LocalEnvironment
    stage: str
    context: Mapping[str, str] = field(default_factory=dict)
    folder: Path

    @property
    def outputs_file(self) -> Path:
        """What ``cdk deploy --outputs-file`` writes."""
        return self.folder / "outputs.json"

    @property
    def assembly(self) -> Path:
        """The cloud assembly that was synthesized."""
        return self.folder / "cdk.out"

    def deploy(self) -> dict[str, str]:
        """Bootstrap, synthesize and deploy.

        Returns:
            The outputs of every stack, by name.

        Raises:
            ToolFailedError: one of the three failed; a failed deploy has rolled back.
        """
        settings = "".join(f" -c {key}={value}" for key, value in self.context.items())
        with self.progress.step(f"cdk synth -c stage={self.stage}{settings}") as step:
            self._cdk(step.now).synth(stage=self.stage, output=self.assembly, context=self.context)
            step.result = ", ".join(self.stack_names())
        with self.progress.step("cdk bootstrap") as step:
            self._cdk(step.now).bootstrap(account_id=ACCOUNT_ID, region=self.environment.region)
        return self.deploy_assembly()

    def deploy_assembly(self) -> dict[str, str]:
        """Deploy the cloud assembly as it is, into an AWS that is bootstrapped.

        Returns:
            The outputs of every stack, by name.

        Raises:
            ToolFailedError: the deploy failed, and has rolled back.
        """
        with self.progress.step("cdk deploy") as step:
            self._cdk(step.now).deploy(assembly=self.assembly, outputs_file=self.outputs_file)
            outputs = self.outputs()
            step.result = f"{len(outputs)} outputs"
        return outputs

    def destroy(self) -> None:
        """Delete what was deployed.

        Raises:
            ToolFailedError: something could not be deleted.
        """
        with self.progress.step("cdk destroy") as step:
            self._cdk(step.now).destroy(assembly=self.assembly)

    def outputs(self) -> dict[str, str]:
        """The outputs of the last deploy, all stacks together."""
        stacks: dict[str, dict[str, str]] = json.loads(self.outputs_file.read_text())
        return {name: value for outputs in stacks.values() for name, value in outputs.items()}

    def stack_names(self) -> list[str]:
        """The stacks in the assembly, in its order."""
        manifest = json.loads((self.assembly / "manifest.json").read_text())
        artifacts = manifest["artifacts"].items()
        return [
            artifact.get("properties", {}).get("stackName", name)
            for name, artifact in artifacts
            if artifact["type"] == "aws:cloudformation:stack"
        ]

    def _cdk(self, show: Callable[[str], None]) -> Cdk:
        return Cdk(project=self.project, environ=self.environment.whole(), logs=self.folder / "logs", show=show)
