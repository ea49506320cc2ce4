from dataclasses import replace

import pytest

from model.catalog import TWIN_LLAMA, find
from model.cost import HourlyCost, find_cheaper, reckon_cost
from model.engines import Engine
from model.hardware import find_instance
from model.limits import ServingLimits
from model.sharing import Share, check_sharing
from model.spec import Quantization

LIMITS = ServingLimits(
    max_input_tokens=4096,
    max_total_tokens=6144,
    max_batch_prefill_tokens=4096,
    max_batch_total_tokens=24_576,
    max_concurrent_requests=64,
)
SEVENTY = find("meta-llama/Llama-3.1-70B-Instruct")


def cost(instance, *, spec=TWIN_LLAMA, gpus=1, min_copies, max_copies):
    found = find_instance(instance)
    share = Share(spec=spec, limits=LIMITS, gpus_per_copy=gpus, min_copies=min_copies, max_copies=max_copies)
    return reckon_cost(fit=check_sharing([share], instance=found, fallbacks=(), engine=Engine.TGI), instance=found)


def test_models_that_share_instances_share_their_price():
    instance = find_instance("ml.g5.12xlarge")
    shares = [
        Share(spec=find(model), limits=LIMITS, gpus_per_copy=1, min_copies=least, max_copies=4)
        for model, least in ((TWIN_LLAMA.model_id, 1), ("Qwen/Qwen2.5-0.5B-Instruct", 0))
    ]
    fit = check_sharing(shares, instance=instance, fallbacks=(), engine=Engine.TGI)
    price = instance.usd_per_hour
    # Of four GPUs: 1, 1 + 1, 4 + 4, and 5 + 5 in an update.
    assert reckon_cost(fit=fit, instance=instance) == HourlyCost(
        idle_usd=price, serving_usd=price, busiest_usd=2 * price, ceiling_usd=3 * price
    )


def test_copies_cost_their_instances():
    price = find_instance("ml.g5.2xlarge").usd_per_hour
    assert cost("ml.g5.2xlarge", min_copies=0, max_copies=2) == HourlyCost(
        idle_usd=0, serving_usd=price, busiest_usd=2 * price, ceiling_usd=3 * price
    )


def test_copies_that_share_an_instance_share_its_price():
    price = find_instance("ml.g5.12xlarge").usd_per_hour
    assert cost("ml.g5.12xlarge", min_copies=3, max_copies=5) == HourlyCost(
        idle_usd=price, serving_usd=price, busiest_usd=2 * price, ceiling_usd=2 * price
    )


def test_an_unknown_price_is_no_price():
    assert find_instance("ml.p4d.24xlarge").usd_per_hour is None
    assert cost("ml.p4d.24xlarge", spec=SEVENTY, gpus=8, min_copies=0, max_copies=1) is None


def cheaper(spec=TWIN_LLAMA, *, engine=Engine.TGI, min_copies=1, max_copies=2, than_usd=None, most=3):
    return find_cheaper(
        spec=spec,
        limits=LIMITS,
        engine=engine,
        min_copies=min_copies,
        max_copies=max_copies,
        than_usd=than_usd,
        most=most,
    )


@pytest.mark.parametrize("spec", [TWIN_LLAMA, SEVENTY], ids=lambda spec: spec.model_id)
@pytest.mark.parametrize("engine", Engine)
def test_what_is_cheaper_fits_and_the_cheapest_comes_first(spec, engine):
    found = cheaper(spec, engine=engine, most=100)
    assert [one.serving_usd for one in found] == sorted(one.serving_usd for one in found)
    for one in found:
        share = Share(
            spec=replace(spec, quantization=one.quantization),
            limits=LIMITS,
            gpus_per_copy=one.gpus_per_copy,
            min_copies=1,
            max_copies=2,
        )
        fit = check_sharing([share], instance=one.instance, fallbacks=(), engine=engine)
        reckoned = reckon_cost(fit=fit, instance=one.instance)
        assert (one.serving_usd, one.busiest_usd) == (reckoned.serving_usd, reckoned.busiest_usd)


def test_nothing_is_cheaper_than_the_cheapest():
    cheapest = cheaper()[0]
    assert all(one.serving_usd < 1.5 for one in cheaper(than_usd=1.5))
    assert cheaper(than_usd=cheapest.serving_usd) == ()


def test_a_large_model_is_cheaper_quantized_and_a_quantized_one_stays_as_it_is():
    assert cheaper(SEVENTY)[0].quantization is Quantization.EETQ
    found = cheaper(replace(SEVENTY, quantization=Quantization.AWQ), most=100)
    assert {one.quantization for one in found} == {Quantization.AWQ}
