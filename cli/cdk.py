"""The real CDK CLI, run as a program: bootstrap, synth, deploy, destroy.

It adds nothing to what the CLI does; it gives it the environment, keeps its whole output in a log, and shows the
line that it is at.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import ToolFailedError
from cli.project import Project

ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# What the CLI and jsii print before the reason, and repeat after it.
NOISE = re.compile(r"^(\s*at |Subprocess exited|NOTICES|\s*$|.*Run with -v)")


@dataclass(frozen=True, kw_only=True)
class Cdk:
    """The CDK CLI in one environment.

    Attributes:
        environ: the whole environment of the CLI's process.
        logs: the folder for its output, one file per verb.
        show: called with each line as the CLI prints it.
    """

    project: Project
    environ: Mapping[str, str]
    logs: Path
    show: Callable[[str], None]

    def bootstrap(self, *, account_id: str, region: str) -> None:
        """Make the bucket and roles that the CLI deploys with.

        It runs in an empty folder: beside a cdk.json the CLI would synthesize the app first, for nothing.
        """
        with tempfile.TemporaryDirectory() as empty:
            self._run("bootstrap", [f"aws://{account_id}/{region}"], folder=Path(empty))

    def synth(self, *, stage: str, output: Path, context: Mapping[str, str]) -> None:
        """Write the stage's cloud assembly, with other settings where `context` names them."""
        settings = (f"-c={key}={value}" for key, value in {**context, "stage": stage}.items())
        self._run("synth", ["--quiet", "--output", str(output), *settings])

    def deploy(self, *, assembly: Path, outputs_file: Path) -> None:
        """Deploy every stack of the assembly."""
        arguments = ["--all", "--app", str(assembly), "--require-approval", "never"]
        self._run("deploy", [*arguments, "--progress", "events", "--outputs-file", str(outputs_file)])

    def destroy(self, *, assembly: Path) -> None:
        """Delete every stack of the assembly."""
        self._run("destroy", ["--all", "--app", str(assembly), "--force"])

    def _run(self, verb: str, arguments: list[str], *, folder: Path | None = None) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        log_file = self.logs / f"cdk-{verb}.log"
        environ = {
            **self.environ,
            "PATH": f"{self.project.programs}:{self.environ.get('PATH', '')}",
            "NO_COLOR": "1",
            "CDK_DISABLE_VERSION_CHECK": "1",
            # Nobody is told of a rehearsal, and no command waits until nobody could be.
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
        if verb != "synth":
            # The CLI compiles 20 MB of its own code at each start. Not where it starts the app: CDK's library lies in
            # another folder each time, so what is kept of it would only grow.
            environ["NODE_COMPILE_CACHE"] = str(self.project.node_cache)
        command = [str(self.project.cdk), verb, *arguments, "--no-notices", "--ci"]
        last_lines: list[str] = []
        with (
            log_file.open("w") as log,
            subprocess.Popen(  # noqa: S603 - the project's own CLI, no shell
                command,
                cwd=folder or self.project.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None  # noqa: S101 - PIPE was asked for
            try:
                for raw in process.stdout:
                    line = ESCAPE_SEQUENCE.sub("", raw).rstrip()
                    log.write(line + "\n")
                    if line and not NOISE.match(line):
                        last_lines = [*last_lines[-11:], line]
                        self.show(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            reason = "\n".join(last_lines) or f"exit status {process.returncode}"
            raise ToolFailedError(f"cdk {verb} failed:\n{reason}", log_file=log_file)
