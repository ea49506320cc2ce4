"""A key of your own, and what is captured under it."""

import json
import re

import pytest

from stacks.context import read_settings
from stacks.errors import NotAllowedError
from tests.stacks.conftest import only

KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
CAPTURE = {"kms_key": KEY, "data_capture": "s3://captured/twin/", "data_capture_percent": "10"}
BESIDE_A_KEY = "Allowed: only beside kms_key, which encrypts what people asked and were answered."
A_PREFIX = "Allowed: s3://BUCKET/PREFIX/, a prefix of its own that ends in /: the role may write there."


@pytest.fixture(scope="module")
def files(synthesize_service):
    service = synthesize_service(stage="dev", **CAPTURE)
    return {"service": service, "endpoint": service.with_name(service.name.replace("-service.", "-endpoint."))}


@pytest.fixture(scope="module")
def stacks(files):
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def permissions(template, policy):
    """The actions and resources of a role's policy."""
    roles = [body["Properties"] for body in template["Resources"].values() if body["Type"] == "AWS::IAM::Role"]
    (found,) = (one for role in roles for one in role["Policies"] if one["PolicyName"] == policy)
    return [(one["Action"], one["Resource"]) for one in found["PolicyDocument"]["Statement"]]


def test_what_is_asked_and_answered_is_captured_under_the_key(stacks):
    _, config = only(stacks["endpoint"], "AWS::SageMaker::EndpointConfig")
    assert config["DataCaptureConfig"] == {
        "EnableCapture": True,
        "DestinationS3Uri": "s3://captured/twin/",
        "InitialSamplingPercentage": 10,
        "KmsKeyId": KEY,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    put, key = permissions(stacks["endpoint"], "Capture")
    assert put == ("s3:PutObject", "arn:aws:s3:::captured/twin/*")
    assert key == (["kms:Decrypt", "kms:GenerateDataKey"], KEY)
    assert "KmsKeyId" not in config


def test_documents_keys_and_log_are_under_the_key_and_the_task_may_use_it(stacks):
    _, bucket = only(stacks["service"], "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert only(stacks["service"], "AWS::SecretsManager::Secret")[1]["KmsKeyId"] == KEY
    assert only(stacks["service"], "AWS::Logs::LogGroup")[1]["KmsKeyId"] == KEY
    assert permissions(stacks["service"], "UseKey") == [(["kms:Decrypt", "kms:GenerateDataKey"], KEY)]


def test_that_nobody_has_seen_it_capture_is_said_with_every_synth(files):
    said = json.loads((files["endpoint"].parent / "llm-twin-dev-endpoint.metadata.json").read_text(encoding="utf-8"))
    notes = [one["data"] for one in said["/llm-twin-dev-endpoint"] if one["type"] == "aws:cdk:info"]
    assert any(note.startswith("data_capture: SageMaker takes the setting") for note in notes)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"kms_key": "alias/twin"},
            "kms_key is 'alias/twin'. Allowed: arn:aws:kms:REGION:ACCOUNT:key/ID, the key's own ARN and no alias.",
        ),
        (
            {"kms_key": KEY, "region": "eu-west-1"},
            f"kms_key is '{KEY}'. Allowed: a key in eu-west-1, where the stacks are.",
        ),
        (
            {"data_capture": "s3://captured/twin/"},
            f"data_capture is 's3://captured/twin/'. {BESIDE_A_KEY}",
        ),
        *(
            (
                {"kms_key": KEY, "data_capture": where},
                f"data_capture is {where!r}. {A_PREFIX}",
            )
            for where in ("captured/twin/", "s3://captured/", "s3://captured/twin", "s3://captured/*/../")
        ),
        (
            CAPTURE | {"data_capture_percent": "0"},
            "data_capture_percent is 0. Allowed: 1 to 100.",
        ),
        (
            {"data_capture_percent": "10"},
            "data_capture_percent is '10'. Allowed: only beside data_capture.",
        ),
    ],
)
def test_what_could_not_be_encrypted_or_written_is_refused(context, message):
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read_settings({"stage": "dev"} | context, {})
