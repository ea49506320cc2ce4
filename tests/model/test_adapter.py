import re
from dataclasses import replace

import pytest

from model.adapter import HubAdapter, S3Adapter, parse_adapters
from model.catalog import find
from model.engines import Engine, check_support
from model.environments import describe_tgi, describe_vllm
from model.errors import InvalidSpecError, UnsupportedModelError
from model.hardware import find_instance
from model.limits import ServingLimits
from model.memory import count_adapters_bytes, count_kv_tokens

COMMIT = "49ea8865dec91696c811a82821883b3a915a9915"
ADA, BOB = f"ada/twin@{COMMIT}", f"bob/twin@{COMMIT}"
IN_S3 = "ada=s3://twins/ada/1.tar.gz"
LIMITS = ServingLimits(
    max_input_tokens=1024,
    max_total_tokens=2048,
    max_batch_prefill_tokens=1024,
    max_batch_total_tokens=4096,
    max_concurrent_requests=8,
)


@pytest.fixture
def base():
    return find("meta-llama/Llama-3.1-8B-Instruct")


def test_adapters_are_read_with_their_revisions():
    assert parse_adapters(f"{ADA}, {BOB}") == (
        HubAdapter(adapter_id="ada/twin", revision=COMMIT),
        HubAdapter(adapter_id="bob/twin", revision=COMMIT),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "adapter '' is not an adapter on the hub."),
        ("ada/twin", "adapter 'ada/twin' is not an adapter on the hub."),
        ("ada/twin@main", "adapter 'ada/twin@main' is not an adapter on the hub."),
        (f"{ADA},", "adapter '' is not an adapter on the hub."),
        (f"{ADA},ada/twin@{'0' * 40}", "adapter 'ada/twin' is named twice."),
        (f"{IN_S3},ada=s3://twins/ada/2.tar.gz", "adapter 'ada' is named twice."),
        ("Ada=s3://twins/ada.tar.gz", "adapter 'Ada=s3://twins/ada.tar.gz' is not an adapter in S3."),
        ("ada_1=s3://twins/ada.tar.gz", "adapter 'ada_1=s3://twins/ada.tar.gz' is not an adapter in S3."),
        ("ada=s3://twins/ada/", "adapter 'ada=s3://twins/ada/' is not an adapter in S3."),
        ("ada=s3://twins/*.tar.gz", "adapter 'ada=s3://twins/*.tar.gz' is not an adapter in S3."),
        ("s3://twins/ada.tar.gz", "adapter 's3://twins/ada.tar.gz' is not an adapter in S3."),
    ],
)
def test_what_is_no_adapter_is_refused(text, message):
    with pytest.raises(InvalidSpecError, match=f"^{re.escape(message)}"):
        parse_adapters(text)


def test_an_adapter_takes_two_matrices_beside_each_projection(base):
    # Llama 3.1 8B: q and o 4096 to 4096, k and v 4096 to 1024, gate, up and down 4096 to 14336; 32 layers, 2 bytes.
    per_rank = (2 * (4096 + 4096) + 2 * (4096 + 1024) + 3 * (4096 + 14336)) * 32 * 2
    with_one = replace(base, adapters=parse_adapters(ADA), adapter_rank=16)
    assert count_adapters_bytes(base) == 0
    assert count_adapters_bytes(with_one) == 16 * per_rank
    assert count_adapters_bytes(replace(with_one, adapters=parse_adapters(f"{ADA},{BOB}"))) == 32 * per_rank


def test_adapters_leave_less_room_for_tokens(base):
    gpu = find_instance("ml.g5.2xlarge").gpu

    def tokens(spec):
        return count_kv_tokens(spec, gpu=gpu, gpus=1, prefill_tokens=2048)

    two = replace(base, adapters=parse_adapters(f"{ADA},{BOB}"))
    # 128 KiB a token.
    assert tokens(base) - tokens(two) == pytest.approx(count_adapters_bytes(two) / (128 * 1024), abs=1)


def test_tgi_is_told_of_them_with_their_revisions(base):
    told = describe_tgi(replace(base, adapters=parse_adapters(f"{ADA},{BOB}")), LIMITS, 1)
    assert told["LORA_ADAPTERS"] == f"{ADA},{BOB}"
    assert "LORA_ADAPTERS" not in describe_tgi(base, LIMITS, 1)


def test_adapters_in_s3_are_read_with_the_names_that_they_are_given():
    assert parse_adapters(IN_S3) == (S3Adapter(adapter_id="ada", s3_uri="s3://twins/ada/1.tar.gz"),)


def test_memory_is_kept_for_every_slot(base):
    one = replace(base, adapters=parse_adapters(IN_S3))
    assert count_adapters_bytes(replace(one, adapter_slots=4)) == 4 * count_adapters_bytes(one)


@pytest.mark.parametrize(("gpus", "sharded"), [(1, None), (4, "true")])
def test_vllm_is_told_how_many_it_will_be_given_and_that_it_may_take_them(base, gpus, sharded):
    told = describe_vllm(replace(base, adapters=parse_adapters(IN_S3), adapter_slots=3), LIMITS, gpus)
    assert {name: told[name] for name in told if "LORA" in name and "SHARDED" not in name} == {
        "SM_VLLM_ENABLE_LORA": "true",
        "SM_VLLM_MAX_LORAS": "3",
        "SM_VLLM_MAX_LORA_RANK": "64",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "true",
    }
    assert told.get("SM_VLLM_FULLY_SHARDED_LORAS") == sharded
    # As many as an inference component's container takes.
    assert len(told) <= 16
    # What is in S3 is not in the environment: an adapter more is no update of the base.
    assert IN_S3 not in str(told)
    assert not [name for name in describe_vllm(base, LIMITS, gpus) if "LORA" in name]


@pytest.mark.parametrize("slots", [0, 1])
def test_fewer_slots_than_adapters_are_refused(base, slots):
    two = f"{IN_S3},bob=s3://twins/bob.tar.gz"
    with pytest.raises(InvalidSpecError, match=rf"adapter_slots is {slots}\. It must be at least 2"):
        replace(base, adapters=parse_adapters(two), adapter_slots=slots)


@pytest.mark.parametrize(
    ("engine", "changes", "message"),
    [
        (Engine.VLLM, {"adapters": ADA}, "engine 'vllm' has adapters in S3, as components of their own; adapter"),
        (Engine.VLLM, {"adapters": f"{IN_S3},{BOB}"}, "adapter 'bob/twin' is on the hub."),
        (Engine.VLLM, {"adapters": IN_S3, "adapter_rank": 24}, "keeps no memory for adapters of rank 24."),
        (Engine.TGI, {"adapters": IN_S3}, "engine 'tgi' loads adapters of the hub when it starts; adapter 'ada' is"),
        (Engine.TGI, {"adapters": ADA, "adapter_slots": 4}, "when it starts; adapter_slots is 4."),
        (
            Engine.TGI,
            {"adapters": ADA, "s3_uri": "s3://bucket/twin/"},
            "comes from s3://bucket/twin/, which cuts the container off from the hub",
        ),
    ],
)
def test_adapters_that_would_not_be_loaded_are_refused(base, engine, changes, message):
    changes |= {"adapters": parse_adapters(changes["adapters"])}
    with pytest.raises(UnsupportedModelError, match=re.escape(message)):
        check_support(engine, replace(base, **changes))


def test_vllm_serves_adapters_beside_weights_from_either_source(base):
    for s3_uri in (None, "s3://bucket/twin/"):
        check_support(Engine.VLLM, replace(base, adapters=parse_adapters(IN_S3), s3_uri=s3_uri))
