import pytest

from local.aws.cloudformation.dynamic_references import resolve_parameters_in, reveal
from local.aws.cloudformation.errors import ValidationError

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf"


class Stores:
    def parameter(self, name: str, version: str | None, *, secure: bool) -> str:
        return f"{'secure ' if secure else ''}{name}@{version}"

    def secret(self, secret_id: str, *, version_stage: str | None, version_id: str | None) -> str:
        if secret_id == "plain":  # noqa: S105 - a name
            return "not JSON"
        return f'{{"id": "{secret_id}", "stage": "{version_stage}", "version": "{version_id}"}}'


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("{{resolve:ssm:/a/b}}", "/a/b@None"),
        ("x-{{resolve:ssm:/a/b:3}}-y", "x-/a/b@3-y"),
        ("{{resolve:secretsmanager:id}}", "{{resolve:secretsmanager:id}}"),
    ],
)
def test_parameters_are_resolved_and_secrets_left_alone(text: str, resolved: str) -> None:
    assert resolve_parameters_in({"a": [text]}, Stores()) == {"a": [resolved]}


@pytest.mark.parametrize(
    ("text", "revealed"),
    [
        ("{{resolve:secretsmanager:plain}}", "not JSON"),
        ("{{resolve:secretsmanager:keys:SecretString:id}}", "keys"),
        (f"{{{{resolve:secretsmanager:{ARN}:SecretString:id::}}}}", ARN),
        ("{{resolve:secretsmanager:keys:SecretString:stage:AWSPREVIOUS}}", "AWSPREVIOUS"),
        ("{{resolve:secretsmanager:keys:SecretString:version::v1}}", "v1"),
        ("{{resolve:ssm-secure:/p:1}}", "secure /p@1"),
        ("{{resolve:ssm:/a}}", "{{resolve:ssm:/a}}"),
    ],
)
def test_secrets_are_revealed_by_name_key_and_version(text: str, revealed: str) -> None:
    assert reveal(text, Stores()) == revealed


@pytest.mark.parametrize(
    "text", ["{{resolve:secretsmanager:keys:SecretString:none}}", "{{resolve:secretsmanager:plain:SecretString:k}}"]
)
def test_a_key_that_a_secret_lacks_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationError, match="Could not find a value associated with JSONKey"):
        reveal(text, Stores())
