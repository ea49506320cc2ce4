import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

PUBLIC = {
    "service_public": "true",
    "service_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "service_domain": "twin.example.com",
}


@pytest.fixture
def snapshot_json(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.fixture(scope="module")
def public_file(synthesize_service):
    return synthesize_service(stage="prod", **PUBLIC)


# The service waits for all of its security rules and, with them, for the groups that its tasks name anyway.
EXPLAINED = ["W3005"]


def lint_text(path):
    config = ManualArgs(regions=["us-east-1"], ignore_checks=EXPLAINED)
    return [str(finding) for finding in lint(path.read_text(encoding="utf-8"), config=config)]


def test_the_template_is_the_one_that_was_reviewed(service_template, snapshot_json):
    assert service_template == snapshot_json


def test_cfn_lint_finds_nothing(service_files, stage):
    assert lint_text(service_files[stage]) == []


def test_cfn_lint_finds_nothing_in_a_public_service(public_file):
    assert lint_text(public_file) == []


def test_stages_differ_in_values_only(service_templates):
    ids = [{name: b["Type"] for name, b in t["Resources"].items()} for t in service_templates.values()]
    assert ids[0] == ids[1] == ids[2]


def test_no_logical_id_holds_a_name(synthesize_service, service_templates):
    other = json.loads(synthesize_service(stage="dev", name="alice-twin").read_text(encoding="utf-8"))
    assert other["Resources"].keys() == service_templates["dev"]["Resources"].keys()


def test_the_endpoint_s_template_is_the_same_without_a_service(synthesize, templates):
    assert json.loads(synthesize(stage="dev").read_text(encoding="utf-8")) == templates["dev"]


def test_without_an_image_there_is_one_stack_so_that_a_plain_deploy_needs_no_name(synthesize, synthesize_service):
    assert stacks_beside(synthesize(stage="dev")) == ["llm-twin-dev-endpoint"]
    assert stacks_beside(synthesize_service(stage="dev")) == ["llm-twin-dev-endpoint", "llm-twin-dev-service"]


def stacks_beside(path):
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    return sorted(name for name, a in manifest["artifacts"].items() if a["type"] == "aws:cloudformation:stack")


def test_the_service_is_deployed_after_the_endpoint_and_destroyed_before_it(service_files):
    manifest = json.loads((service_files["dev"].parent / "manifest.json").read_text(encoding="utf-8"))
    assert "llm-twin-dev-endpoint" in manifest["artifacts"]["llm-twin-dev-service"]["dependencies"]


def test_neither_stack_holds_a_value_of_the_other(templates, service_templates, stage):
    for template in (templates[stage], service_templates[stage]):
        text = json.dumps(template)
        assert "Fn::ImportValue" not in text
        assert "Fn::GetStackOutput" not in text
        assert not [output for output in template["Outputs"].values() if "Export" in output]


def test_the_service_s_template_does_not_change_with_the_endpoint_s_replacement(synthesize_service, service_templates):
    after = synthesize_service(stage="dev", instance_type="ml.g6.2xlarge")
    assert json.loads(after.read_text(encoding="utf-8")) == service_templates["dev"]


def test_prod_keeps_documents_keys_and_logs_and_is_protected(service_templates, service_files):
    def kept(template):
        return {body["Type"] for body in template["Resources"].values() if body.get("DeletionPolicy") == "Retain"}

    documents_keys_logs = {"AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"}
    assert [kept(service_templates[stage]) for stage in ("local", "dev", "prod")] == [set(), set(), documents_keys_logs]
    assert [protections(service_templates[s], service_files[s]) for s in ("local", "dev", "prod")] == [
        (False, "false"),
        (False, "false"),
        (True, "true"),
    ]


def protections(template, path):
    manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
    stack = manifest["artifacts"][path.name.removesuffix(".template.json")]["properties"]
    (balancer,) = (b["Properties"] for b in template["Resources"].values() if b["Type"].endswith("::LoadBalancer"))
    attributes = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}
    return stack["terminationProtection"], attributes["deletion_protection.enabled"]


def test_logs_are_kept_for_the_stage_s_time(service_templates):
    kept = {
        stage: next(b["Properties"]["RetentionInDays"] for b in t["Resources"].values() if "Logs" in b["Type"])
        for stage, t in service_templates.items()
    }
    assert kept == {"local": 7, "dev": 30, "prod": 365}
