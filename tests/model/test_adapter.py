import re
from dataclasses import replace

import pytest

from model.adapter import Adapter, parse_adapters
from model.catalog import find
from model.engines import Engine, check_support
from model.environments import describe_tgi
from model.errors import InvalidSpecError, UnsupportedModelError
from model.hardware import find_instance
from model.limits import ServingLimits
from model.memory import count_adapters_bytes, count_kv_tokens

COMMIT = "49ea8865dec91696c811a82821883b3a915a9915"
ADA, BOB = f"ada/twin@{COMMIT}", f"bob/twin@{COMMIT}"


@pytest.fixture
def base():
    return find("meta-llama/Llama-3.1-8B-Instruct")


def test_adapters_are_read_with_their_revisions():
    assert parse_adapters(f"{ADA}, {BOB}") == (
        Adapter(adapter_id="ada/twin", revision=COMMIT),
        Adapter(adapter_id="bob/twin", revision=COMMIT),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "adapter '' is not an adapter on the hub."),
        ("ada/twin", "adapter 'ada/twin' is not an adapter on the hub."),
        ("ada/twin@main", "adapter 'ada/twin@main' is not an adapter on the hub."),
        (f"{ADA},", "adapter '' is not an adapter on the hub."),
        (f"{ADA},ada/twin@{'0' * 40}", "adapter 'ada/twin' is named twice."),
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
    limits = ServingLimits(
        max_input_tokens=1024,
        max_total_tokens=2048,
        max_batch_prefill_tokens=1024,
        max_batch_total_tokens=4096,
        max_concurrent_requests=8,
    )
    told = describe_tgi(replace(base, adapters=parse_adapters(f"{ADA},{BOB}")), limits, 1)
    assert told["LORA_ADAPTERS"] == f"{ADA},{BOB}"
    assert "LORA_ADAPTERS" not in describe_tgi(base, limits, 1)


@pytest.mark.parametrize(
    ("engine", "s3_uri", "message"),
    [
        (Engine.VLLM, None, "engine 'vllm' loads no adapters of the hub here"),
        (Engine.TGI, "s3://bucket/twin/", "comes from s3://bucket/twin/, which cuts the container off from the hub"),
    ],
)
def test_adapters_that_would_not_be_loaded_are_refused(base, engine, s3_uri, message):
    with pytest.raises(UnsupportedModelError, match=re.escape(message)):
        check_support(engine, replace(base, adapters=parse_adapters(ADA), s3_uri=s3_uri))
