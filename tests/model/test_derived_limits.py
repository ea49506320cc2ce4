from dataclasses import replace

import pytest

from model.catalog import SMOLLM2, TWIN_LLAMA, find
from model.derived_limits import derive_limits
from model.engines import Engine
from model.errors import DoesNotFitError
from model.fit import check_fit
from model.hardware import find_instance


def derive(spec=TWIN_LLAMA, instance="ml.g5.2xlarge", *, gpus=1, engine=Engine.TGI, **changes):
    return derive_limits(spec, instance=find_instance(instance), gpus_per_copy=gpus, engine=engine, **changes)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize(
    ("model_id", "instance", "gpus"),
    [
        ("mlabonne/TwinLlama-3.1-8B", "ml.g5.2xlarge", 1),
        ("meta-llama/Llama-3.1-70B-Instruct", "ml.p4d.24xlarge", 8),
        ("mistralai/Mistral-7B-Instruct-v0.3", "ml.g6.xlarge", 1),
        ("google/gemma-2-9b-it", "ml.g6e.xlarge", 1),
    ],
)
def test_derived_limits_fit_and_the_next_longer_ones_do_not(engine, model_id, instance, gpus):
    spec = find(model_id)
    limits = derive(spec, instance, gpus=gpus, engine=engine)
    where = {"instance": find_instance(instance), "gpus_per_copy": gpus, "engine": engine}
    check_fit(spec=spec, limits=limits, min_copies=1, max_copies=1, **where)
    assert limits.longest_requests_at_once >= 4
    longer = limits.max_total_tokens + 256
    if longer <= spec.max_positions:
        prompt = longer * 3 // 4
        limits = replace(
            limits,
            max_input_tokens=prompt,
            max_batch_prefill_tokens=prompt,
            max_total_tokens=longer,
            max_batch_total_tokens=4 * longer,
        )
        with pytest.raises(DoesNotFitError):
            check_fit(spec=spec, limits=limits, min_copies=1, max_copies=1, **where)


def test_more_at_once_are_shorter():
    assert derive(longest_requests_at_once=8).max_total_tokens < derive(longest_requests_at_once=2).max_total_tokens


def test_a_model_s_positions_are_the_most():
    assert derive(SMOLLM2).max_total_tokens == SMOLLM2.max_positions


def test_a_model_that_leaves_no_room_has_no_limits():
    with pytest.raises(DoesNotFitError, match="has no room for 4 requests of 256 tokens"):
        derive(find("meta-llama/Llama-3.1-70B-Instruct"))
