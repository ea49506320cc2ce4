import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.stacks.conftest import ADAPTERS_IN_S3, BESIDE_IN_S3, SOURCES


@pytest.fixture
def snapshot_json(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


def test_the_template_is_the_one_that_was_reviewed(template, snapshot_json):
    assert template == snapshot_json


# All parameters wait for the component, the one that names its ARN too: there the wait is implied by the reference.
EXPLAINED = ["W3005"]


# Every stage once, and every engine and source, with adapters and models beside: a linting takes seconds.
@pytest.mark.parametrize(
    "settings",
    [
        {"stage": "local"},
        {"stage": "dev"} | SOURCES["s3"] | BESIDE_IN_S3,
        {"stage": "prod", "engine": "vllm"},
        {"stage": "prod", "engine": "vllm"} | SOURCES["s3"] | ADAPTERS_IN_S3,
    ],
    ids=str,
)
def test_cfn_lint_finds_nothing(synthesize, settings):
    text = synthesize(**settings).read_text(encoding="utf-8")
    config = ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=EXPLAINED)
    assert [str(finding) for finding in lint(text, config=config)] == []


def test_stages_engines_and_sources_differ_in_values_only(template, templates):
    def kinds(of):
        return sorted(body["Type"] for body in of["Resources"].values())

    assert kinds(template) == kinds(templates["local"])


def test_what_is_easily_overlooked_is_said_with_every_synth(synthesize):
    def notes(**settings):
        folder = synthesize(stage="dev", **settings).parent
        said = json.loads((folder / "llm-twin-dev-endpoint.metadata.json").read_text(encoding="utf-8"))
        metadata = said.get("/llm-twin-dev-endpoint", [])
        return [entry["data"] for entry in metadata if entry["type"] == "aws:cdk:info"]

    (note,) = notes()
    assert note.startswith("min_copies is 0: the endpoint sleeps when nobody asks")
    assert notes(min_copies="1") == []


def test_only_prod_is_protected_from_deletion(synthesize):
    def protected(**settings):
        manifest = json.loads((synthesize(**settings).parent / "manifest.json").read_text(encoding="utf-8"))
        (stack,) = (a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack")
        return stack["properties"]["terminationProtection"]

    assert [protected(stage=stage) for stage in ("local", "dev", "prod")] == [False, False, True]
    assert not protected(stage="prod", termination_protection="false")
