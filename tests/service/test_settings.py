"""Settings: unsafe and unknown ones are refused, with the name and what is allowed."""

import os

import pytest
from pydantic import ValidationError

from service.settings import Settings, unknown_names

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound to it here


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in list(os.environ):
        if name.startswith("TWIN_SERVICE_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "there are no API keys"),
        ({"allow_no_keys": True, "host": EVERYWHERE}, "only a loopback address"),
        ({"allow_no_keys": True, "host": "10.0.0.7"}, "only a loopback address"),
        ({"allow_no_keys": True, "host": "example.com"}, "only a loopback address"),
        ({"allow_no_keys": True, "api_keys": "x"}, "one of the two"),
        ({"api_keys": "x", "api_keys_file": "y"}, "at most one of api_keys"),
        ({"api_keys": "x", "endpoint_stack": "a", "endpoint_ssm_path": "b"}, "at most one of endpoint_stack"),
        ({"api_keys": "x", "cors_origins": "*"}, "no wildcard"),
        ({"api_keys": "x", "cors_origins": "https://a.example/path"}, "scheme and host"),
        ({"api_keys": "x", "embedder_weights": "model.onnx"}, "both or none"),
        ({"api_keys": "x", "max_answers": 0}, "greater than or equal to 1"),
        ({"api_keys": "x", "answer_timeout_s": float("inf")}, "finite"),
        ({"api_keys": "x", "port": 70000}, "65535"),
        ({"api_keys": "x", "log_level": "LOUD"}, "DEBUG"),
        ({"api_keys": "x", "prompt_style": "poetry"}, "alpaca"),
        ({"api_keys": "x", "max_anwsers": 3}, "Extra inputs"),
    ],
)
def test_what_is_unsafe_or_wrong_is_refused(values, told):
    with pytest.raises(ValidationError, match=told):
        Settings(**values)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_without_keys_on_loopback_is_allowed_when_said(host):
    assert not Settings(host=host, allow_no_keys=True).has_keys


def test_the_environment_sets_them(monkeypatch):
    monkeypatch.setenv("TWIN_SERVICE_HOST", EVERYWHERE)
    monkeypatch.setenv("TWIN_SERVICE_API_KEYS", '{"keys": []}')
    monkeypatch.setenv("TWIN_SERVICE_CORS_ORIGINS", "https://a.example, https://b.example:8443")
    settings = Settings()
    assert settings.host == EVERYWHERE
    assert settings.cors_origins == ("https://a.example", "https://b.example:8443")


def test_a_secret_is_never_shown(monkeypatch):
    settings = Settings(api_keys="the-keys")
    assert "the-keys" not in repr(settings)
    with pytest.raises(ValidationError) as raised:
        Settings(api_keys="the-keys", max_answers=0)
    assert "the-keys" not in str(raised.value)


def test_a_misspelt_variable_is_found():
    environment = {"TWIN_SERVICE_PORT": "1", "TWIN_SERVICE_MAX_ANWSERS": "3", "PATH": "x"}
    assert unknown_names(environment) == ["TWIN_SERVICE_MAX_ANWSERS"]
