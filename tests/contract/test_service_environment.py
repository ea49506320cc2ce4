"""The service's stack gives the container exactly such variables as the service reads, with values that it takes."""

import json
import os
from pathlib import Path

import boto3
import pytest

from service.api_keys import read_keys
from service.settings import PREFIX, Settings, unknown_names
from stacks.constructs.api_keys import NOBODY
from stacks.context import read_settings
from stacks.service_environment import PORT, WRITABLE_FOLDER, describe_environment

BUCKET = "knowledge-bucket"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf"  # noqa: S105 - a secret's name


@pytest.fixture(params=["local", "dev", "prod"])
def deployed(request):
    return read_settings({"stage": request.param}, {})


@pytest.fixture
def environment(deployed, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("AWS_", PREFIX)):
            monkeypatch.delenv(name)
    described = describe_environment(
        region=deployed.region,
        vpc_cidr=deployed.service.vpc_cidr,
        published_path=deployed.published_path,
        bucket_name=BUCKET,
        api_keys_arn=SECRET,
        max_answers=deployed.service.max_answers,
        answer_timeout_s=deployed.service.answer_timeout_s,
        idle_timeout_s=deployed.service.idle_timeout_s,
    )
    for name, value in described.items():
        monkeypatch.setenv(name, value)
    return described


def test_every_variable_is_a_setting(environment):
    assert unknown_names(environment) == []
    assert [name for name in environment if not name.startswith(PREFIX)] == ["AWS_DEFAULT_REGION"]


def test_the_service_takes_every_value(deployed, environment):
    settings = Settings()
    assert not settings.is_loopback
    assert settings.port == PORT
    assert settings.trusted_proxies == deployed.service.vpc_cidr
    assert settings.endpoint_ssm_path == deployed.published_path
    assert settings.store == f"s3://{BUCKET}/knowledge"
    assert settings.spool_folder.parent == Path(WRITABLE_FOLDER)
    assert settings.api_keys_secret == SECRET
    assert (settings.max_answers, settings.answer_timeout_s) == (
        deployed.service.max_answers,
        deployed.service.answer_timeout_s,
    )


def test_the_load_balancer_is_the_first_to_close_an_idle_connection(deployed, environment):
    assert Settings().keep_alive_s > deployed.service.idle_timeout_s


def test_callers_need_a_key(environment):
    settings = Settings()
    assert settings.has_keys
    assert not settings.allow_no_keys


def test_aws_is_called_in_the_region_of_the_deployment(deployed, environment):
    assert boto3.Session().region_name == deployed.region


def test_the_keys_of_a_new_service_can_be_read_and_none_of_them_opens_anything():
    ring = read_keys(NOBODY)
    assert [key.name for key in ring.keys] == ["nobody"]
    for presented in ("", "nobody", "0" * 64, json.loads(NOBODY)["keys"][0]["sha256"]):
        assert ring.find(presented) is None
