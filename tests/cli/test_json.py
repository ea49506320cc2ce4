"""`--json`: whatever becomes of a command, standard output is one JSON document."""

import json

import pytest

NOTHING_THERE = "ap-southeast-2"


@pytest.fixture
def unreachable(checkout, monkeypatch):
    """An AWS that nobody answers for."""
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("words", ["status", "cost", "diagnose", "down --verify --aws"])
def test_an_aws_that_does_not_answer_is_told_in_json(unreachable, twin, words):
    ended = twin(*words.split(), "--json")
    answer = json.loads(ended.out)
    assert (answer["ok"], answer["exit_code"], ended.code) == (False, 1, 1)
    assert "127.0.0.1:9" in answer["error"]["message"]
    assert answer["error"]["message"] in ended.err


def test_a_setting_that_is_not_allowed_is_told_in_json(unreachable, twin):
    ended = twin("doctor", "-c", "min_copies=many", "--json")
    answer = json.loads(ended.out)
    assert (answer["exit_code"], ended.code) == (2, 2)
    assert "min_copies" in answer["error"]["message"]


def test_where_nothing_is_deployed_the_status_is_one_answer(local_environment, checkout, twin, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, NOTHING_THERE)
    ended = twin("status", "--json")
    assert (ended.code, json.loads(ended.out)["deployments"]) == (4, [])
    ended = twin("cost", "--json")
    assert (ended.code, json.loads(ended.out)["exit_code"]) == (4, 4)
