import os

from cli.cdk import Cdk
from cli.project import Project


def test_what_the_cli_compiles_of_itself_is_kept_and_of_the_app_nothing(tmp_path):
    """What is started in the CLI's place writes down its environment."""
    program = tmp_path / "node_modules/.bin/cdk"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nenv > "{tmp_path}/$1"\n')
    program.chmod(0o755)
    cdk = Cdk(
        project=Project(tmp_path), environ={"PATH": os.environ["PATH"]}, logs=tmp_path / "logs", show=lambda _: None
    )

    cdk.synth(stage="local", output=tmp_path / "cdk.out", context={})
    cdk.destroy(assembly=tmp_path / "cdk.out")

    kept = f"NODE_COMPILE_CACHE={tmp_path}/node_modules/.cache/node"
    assert kept in (tmp_path / "destroy").read_text().splitlines()
    assert "NODE_COMPILE_CACHE" not in (tmp_path / "synth").read_text()
