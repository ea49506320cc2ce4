"""Cloud assemblies as another commit, or another command line, would have them, without the seconds of a synthesis."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

from cli.rehearsal import Rehearsal
from model.hardware import find_instance
from stacks.settings import Stage
from stacks.stages import settings_of


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


def with_instance_type(rehearsal: Rehearsal, target: Path, name: str) -> Rehearsal:
    """The assembly that the app writes with `-c instance_type=NAME`, as tests/stacks/test_replacement.py says."""
    settings = settings_of(Stage(rehearsal.stage), region=rehearsal.environment.region)
    other = dataclasses.replace(settings, instance_type=find_instance(name))
    changes = (settings.instance_type.name, name), (settings.replacement_key, other.replacement_key)
    return rewrite_template(rehearsal, target, *changes)
