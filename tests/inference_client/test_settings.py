import pytest

from inference_client import ConfigurationError, settings

NAMES = [
    "SAGEMAKER_ENDPOINT_INFERENCE",
    "SAGEMAKER_INFERENCE_COMPONENT",
    "MAX_NEW_TOKENS_INFERENCE",
    "TOP_P_INFERENCE",
    "TEMPERATURE_INFERENCE",
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_are_the_books():
    assert settings.MAX_NEW_TOKENS_INFERENCE == 150
    assert settings.TOP_P_INFERENCE == 0.9
    assert settings.TEMPERATURE_INFERENCE == 0.01
    assert settings.SAGEMAKER_INFERENCE_COMPONENT is None


def test_the_environment_is_read_at_every_use(monkeypatch):
    for name in ("first", "second"):
        monkeypatch.setenv("SAGEMAKER_ENDPOINT_INFERENCE", name)
        assert name == settings.SAGEMAKER_ENDPOINT_INFERENCE
    monkeypatch.setenv("MAX_NEW_TOKENS_INFERENCE", " 20 ")
    assert settings.MAX_NEW_TOKENS_INFERENCE == 20


def test_the_books_text_none_means_that_no_component_is_named(monkeypatch):
    monkeypatch.setenv("SAGEMAKER_INFERENCE_COMPONENT", "None")
    assert settings.SAGEMAKER_INFERENCE_COMPONENT is None
    monkeypatch.setenv("SAGEMAKER_INFERENCE_COMPONENT", "llm")
    assert settings.SAGEMAKER_INFERENCE_COMPONENT == "llm"


def test_a_missing_endpoint_name_says_what_to_set():
    with pytest.raises(ConfigurationError, match=r"SAGEMAKER_ENDPOINT_INFERENCE is not set.*EndpointName output"):
        _ = settings.SAGEMAKER_ENDPOINT_INFERENCE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAX_NEW_TOKENS_INFERENCE", "many"),
        ("MAX_NEW_TOKENS_INFERENCE", "0"),
        ("MAX_NEW_TOKENS_INFERENCE", "1.5"),
        ("TOP_P_INFERENCE", "1.0"),
        ("TEMPERATURE_INFERENCE", "0"),
        ("TEMPERATURE_INFERENCE", "nan"),
    ],
)
def test_a_value_out_of_range_names_itself_and_what_is_allowed(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError, match=f"{name} is '{text}'; allowed: an? "):
        getattr(settings, name)
