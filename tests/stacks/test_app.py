"""The app as the CDK CLI runs it: a process of its own, with the context in its environment."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from model.added import FILE_NAME, write_added
from model.catalog import SMOLLM2

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment without credentials or AWS configuration, nor a home to find them in.

    CDK's unpacked library is the exception: to unpack it again would take longer than all the tests here. CDK's own
    rules, half the time of a synth, are asked once; the templates that are made in this process meet them, too.
    """
    return {
        "PATH": f"{BIN}{os.pathsep}{os.defpath}",
        "HOME": str(tmp_path_factory.mktemp("home")),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path.home() / ".cache/aws/jsii/package-cache"),
        "CDK_VALIDATION": "false",
    }


def run(command, environ):
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)


def run_app(context, out, environ, *, prefix=(), app="app.py"):
    from_the_cli = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(out)}
    return run([*prefix, sys.executable, str(app)], environ | from_the_cli)


@pytest.mark.parametrize(
    ("context", "environ", "message"),
    [
        ({"stage": "qa"}, {}, "error: stage is 'qa'. Allowed: local, dev, prod."),
        ({"model": "gpt-5"}, {}, "error: model 'gpt-5' is not in the catalogue. Known models: mlabonne/TwinLlama"),
        ({}, {"CDK_DEFAULT_REGION": "mars-1"}, "error: region is 'mars-1'. Allowed: ap-northeast-1, "),
        (
            {"stage": "dev", "instance_type": "ml.g5.xlarge", "max_batch_total_tokens": "99999"},
            {},
            "error: mlabonne/TwinLlama-3.1-8B-DPO on 1 GPU(s) of ml.g5.xlarge (22888 MiB each) leaves room for",
        ),
        ({"name": "a" * 60}, {}, f"error: name is '{'a' * 60}'. Allowed: at most 44 characters in stage local."),
    ],
    ids=["stage", "model", "region", "instance", "name"],
)
def test_what_could_not_be_deployed_is_refused_in_one_line(tmp_path, bare, context, environ, message):
    done = run_app(context, tmp_path / "cdk.out", bare | environ)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("cdk.out/*.template.json"))


@pytest.fixture
def checkout(tmp_path):
    """Another folder with the app in it: the file of added models is looked for beside it."""
    shutil.copy(ROOT / "app.py", tmp_path)
    return tmp_path


def test_an_added_model_is_read_from_the_file_beside_the_app(checkout, bare):
    write_added(checkout / FILE_NAME, replace(SMOLLM2, model_id="me/mine", revision="a" * 40))
    done = run_app({"model": "me/mine"}, checkout / "cdk.out", bare, app=checkout / "app.py")
    assert done.returncode == 0, done.stderr
    template = json.loads((checkout / "cdk.out/llm-twin-local-endpoint.template.json").read_text(encoding="utf-8"))
    assert template["Outputs"]["ModelId"]["Value"] == "me/mine"
    assert template["Outputs"]["ModelRevision"]["Value"] == "a" * 40


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "error: model 'me/mine' is not in the catalogue."), ("{", f"error: {{}}/{FILE_NAME} is not JSON")],
    ids=["unknown", "unreadable"],
)
def test_a_file_that_does_not_have_the_model_is_refused_in_one_line(checkout, bare, content, message):
    (checkout / FILE_NAME).write_text(content, encoding="utf-8")
    done = run_app({"model": "me/mine"}, checkout / "cdk.out", bare, app=checkout / "app.py")
    assert done.returncode == 1
    assert done.stderr.startswith(message.format(checkout))
    assert done.stderr.count("\n") == 1


def can_take_the_network_away():
    unshare = shutil.which("unshare")
    return (
        unshare is not None
        and subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not can_take_the_network_away(), reason="this machine has no `unshare -rn`: the network stays")
def test_it_needs_no_network_no_credentials_and_gives_the_same_bytes_again(
    tmp_path, bare, cdk_context, template_files, service_files
):
    context = cdk_context | {"stage": "prod", "service_image": "llm-twin-service:1.4.0"}
    done = run_app(context, tmp_path / "cdk.out", bare, prefix=("unshare", "-rn"))
    assert done.returncode == 0, done.stderr
    for expected in (template_files["prod"], service_files["prod"]):
        assert (tmp_path / "cdk.out" / expected.name).read_bytes() == expected.read_bytes()


def test_the_cdk_cli_writes_the_same_bytes(tmp_path, bare, template_files):
    command = ["cdk", "synth", "--quiet", "-c", "stage=dev", "--output", str(tmp_path / "cdk.out")]
    done = run(command, bare | {"CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_VALIDATION": "true"})
    assert done.returncode == 0, done.stderr
    expected = template_files["dev"]
    assert (tmp_path / "cdk.out" / expected.name).read_bytes() == expected.read_bytes()
