"""The signatures against what AWS, the hub and engines were seen to say, each with its source.

Shortened, and without anybody's account numbers and buckets.
"""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli.diagnosis.cause import find_cause
from cli.diagnosis.causes import CAUSES
from cli.diagnosis.evidence import Evidence
from cli.diagnosis.refusals import describe_refusal

SAID = json.loads(Path(__file__).with_name("said_in_the_field.json").read_text())
PING = next(said["text"] for said in SAID if said["cause"] == "health-check-timeout")


def find(*texts):
    evidence = [Evidence(source="test", time=None, text=text) for text in texts]
    return find_cause(CAUSES, evidence, lambda _: {"model": "me/mine", "instance": "ml.g5.xlarge"})


@pytest.mark.parametrize("said", SAID, ids=lambda said: said["cause"])
def test_what_was_said_in_the_field_is_understood(said):
    found = find(said["text"])
    assert found is not None
    assert found.name == said["cause"]


def test_what_the_container_says_goes_before_the_health_check_that_it_failed():
    found = find(PING, "Error: ShardCannotStart", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")
    assert found is not None
    assert found.name == "out-of-gpu-memory"
    assert found.decisive.text.startswith("torch.OutOfMemoryError")


def test_an_archive_that_is_missing_is_an_adapters():
    found = find("Could not find model data at s3://twins/ada.tar.gz.")
    assert found is not None
    assert (found.name, "-c adapters=" in found.next_step) == ("missing-adapter", True)


def test_a_setting_that_is_refused_is_named_without_the_lines_around_it():
    found = find("ended. Its last lines: Error: DTYPE='int3' is not known: allowed are float16\nEnded")
    assert found is not None
    assert found.explanation == "The engine refuses its settings: Error: DTYPE='int3' is not known: allowed are float16"


@pytest.mark.parametrize(
    "text",
    [
        "RuntimeError: Cannot find any model weights with `/opt/ml/model`",
        "ValueError: Following weights were not initialized from checkpoint: {'lm_head.weight'}",
    ],
)
def test_weights_that_vllm_does_not_find_are_not_whole(text):
    found = find(PING, text)
    assert found is not None
    assert found.name == "incomplete-weights"


def test_the_alarm_that_took_an_update_back_is_named():
    found = find("The update was rolled back: the CloudWatch alarm twin-ServerErrors-1 is in ALARM.")
    assert found is not None
    assert found.name == "alarm-rolled-back"
    assert "twin-ServerErrors-1" in found.explanation


def test_of_two_pieces_with_the_same_cause_the_first_decides():
    found = find("CUDA out of memory, first", "CUDA out of memory, second")
    assert found is not None
    assert found.decisive.text.endswith("first")


@pytest.mark.parametrize("text", ["Resource handler returned message: something new", "status Failed", ""])
def test_words_that_no_cause_has_are_not_explained(text):
    assert find(text) is None


def test_what_may_not_be_read_is_said_and_any_other_error_goes_on():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no logs:Get"}}, "GetLogEvents")
    assert describe_refusal("log x", denied).text == "not read: no logs:Get"
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slower"}}, "GetLogEvents")
    with pytest.raises(ClientError, match="slower"):
        describe_refusal("log x", throttled)


def test_every_name_is_used_once_and_every_text_says_something():
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)
    assert all(cause.explanation.endswith((".", "}")) and cause.next_step.endswith(".") for cause in CAUSES)


@pytest.mark.parametrize(
    "text",
    [
        "vllm serve: error: unrecognized arguments: --max-total-tokens",
        "ValueError: User-specified max_model_len (9000) is greater than the derived max_model_len (8192).",
    ],
)
def test_what_vllm_says_of_its_settings_is_understood(text):
    found = find(PING, text)
    assert found is not None
    assert found.name == "engine-settings"
    assert found.explanation == f"The engine refuses its settings: {text}"
