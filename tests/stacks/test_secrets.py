"""That nothing that is synthesized holds a secret: no template of any stage, and no file beside it."""

import re

import pytest

from tests.stacks.conftest import SERVICE_IMAGE

# Tokens of the hub, keys of AWS and of the service, and every variable that is made for one, whatever its value.
SECRET = re.compile(
    r"\bhf_\w+|\bapi_org_\w+|\btwin_[\w-]{20,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN|[Pp]assword|token=|"
    r"(?:HF|HUGGING_?FACE(?:_HUB)?|ACCESS|AUTH)_?TOKEN|AWS_SECRET_ACCESS_KEY|resolve:(?:secretsmanager|ssm-secure)"
)


def test_no_template_of_an_endpoint_holds_a_secret(template_file):
    assert not SECRET.findall(template_file.read_text(encoding="utf-8"))


def test_nothing_that_is_synthesized_holds_a_secret_though_the_deployer_has_one(synthesize, stage, monkeypatch):
    token = "hf_" + "aB3" * 10
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, token)
    monitoring = {"monitoring": "true", "monitoring_email": "ada@example.com", "monitoring_budget_usd": "500"}
    folder = synthesize(stage=stage, service_image=SERVICE_IMAGE, **monitoring).parent
    assert len(list(folder.glob("*.template.json"))) == 3
    for file in filter(lambda one: one.is_file(), folder.rglob("*")):
        found = SECRET.findall(file.read_text(encoding="utf-8", errors="replace"))
        assert not found, f"{file.name}: {found}"


@pytest.mark.parametrize(
    "text",
    ['"hf_x"', '{"HF_TOKEN": ""}', "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "Bearer hf_aB3", "AKIA" + "A1" * 8,
     "{{resolve:secretsmanager:hub}}", "AWS_SECRET_ACCESS_KEY", "twin_" + "a" * 32],
)  # fmt: skip
def test_a_secret_would_be_found(text):
    assert SECRET.search(text)
