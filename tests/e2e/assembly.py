"""Cloud assemblies as another commit, or another command line, would have them."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cli.rehearsal import Rehearsal


def rewrite_template(rehearsal: Rehearsal, target: Path, *changes: tuple[str, str]) -> Rehearsal:
    """A copy of the assembly in which the template's text is changed."""
    shutil.copytree(rehearsal.assembly, target / "cdk.out")
    (template,) = (target / "cdk.out").glob("*.template.json")
    text = template.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    template.write_text(text)
    # The CLI uploads a template under its hash, once: a changed one needs a hash of its own.
    (assets,) = (target / "cdk.out").glob("*.assets.json")
    fresh = hashlib.sha256(text.encode()).hexdigest()
    for asset in json.loads(assets.read_text())["files"]:
        for manifest in (assets, target / "cdk.out/manifest.json"):
            manifest.write_text(manifest.read_text().replace(asset, fresh))
    return dataclasses.replace(rehearsal, folder=target)


def synthesize(rehearsal: Rehearsal, target: Path, **context: str) -> Rehearsal:
    """The assembly that the app writes with `-c KEY=VALUE`, run as the CLI runs it but without the CLI's seconds."""
    root = rehearsal.project.root
    fixed = json.loads((root / "cdk.json").read_text())["context"]
    path = os.pathsep.join((str(rehearsal.project.programs), os.environ["PATH"]))
    made = dataclasses.replace(rehearsal, folder=target)
    environ = {
        **rehearsal.environment.whole(),
        "PATH": path,
        "CDK_OUTDIR": str(made.assembly),
        "CDK_CONTEXT_JSON": json.dumps({**fixed, "stage": rehearsal.stage, **context}),
    }
    subprocess.run([sys.executable, "app.py"], cwd=root, env=environ, check=True, timeout=120)
    return made
