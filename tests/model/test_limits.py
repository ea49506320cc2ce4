import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.catalog import SMOLLM2
from model.errors import InvalidLimitsError
from model.limits import ServingLimits

LIMITS = ServingLimits(
    max_input_tokens=3072,
    max_total_tokens=4096,
    max_batch_prefill_tokens=3072,
    max_batch_total_tokens=16_384,
    max_concurrent_requests=32,
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"max_input_tokens": 4096},
            "max_input_tokens is 4096. At most 4095 is allowed: it must be below max_total_tokens.",
        ),
        (
            {"max_input_tokens": 3073},
            "max_input_tokens is 3073. At most 3072 is allowed: it must be within max_batch_prefill",
        ),
        (
            {"max_total_tokens": 16_385},
            "max_total_tokens is 16385. At most 16384 is allowed: it must be within max_batch_total",
        ),
        (
            {"max_batch_prefill_tokens": 16_385},
            "max_batch_prefill_tokens is 16385. At most 16384 is allowed: it must be within max_batch_total_tokens.",
        ),
        ({"max_concurrent_requests": 0}, "max_concurrent_requests is 0. It must be at least 1."),
        ({"max_input_tokens": -1}, "max_input_tokens is -1. It must be at least 1."),
    ],
)
def test_limits_that_the_engine_would_refuse_are_refused_with_what_is_allowed(changes, message):
    with pytest.raises(InvalidLimitsError, match=re.escape(message)):
        replace(LIMITS, **changes)


def test_limits_stay_within_the_model_s_positions():
    replace(LIMITS, max_total_tokens=8192).check_against(SMOLLM2)
    with pytest.raises(
        InvalidLimitsError, match=r"max_total_tokens is 8193. At most 8192 .* positions of HuggingFaceTB"
    ):
        replace(LIMITS, max_total_tokens=8193).check_against(SMOLLM2)


def test_one_request_may_not_fill_the_batch_as_in_the_book_s_settings():
    book = replace(
        LIMITS,
        max_input_tokens=2048,
        max_total_tokens=4096,
        max_batch_prefill_tokens=2048,
        max_batch_total_tokens=4096,
    )
    with pytest.raises(InvalidLimitsError) as caught:
        book.check_sharing()
    assert str(caught.value) == (
        "one request of max_total_tokens=4096 would fill the batch: max_batch_total_tokens is 4096, and the others "
        "would wait until it is done. Raise max_batch_total_tokens to 8192, or lower max_total_tokens to 2048; a copy "
        "that is meant to take one request at a time has max_concurrent_requests=1."
    )
    replace(book, max_batch_total_tokens=8192).check_sharing()
    replace(book, max_total_tokens=2049, max_batch_total_tokens=4098).check_sharing()
    replace(book, max_concurrent_requests=1).check_sharing()


sizes = st.integers(min_value=1, max_value=12)


@given(sizes, sizes, sizes, sizes)
def test_limits_are_accepted_exactly_where_every_inequality_of_tgi_holds(longest, total, prefill, batch):
    allowed = longest < total <= batch and longest <= prefill <= batch

    def build() -> ServingLimits:
        return ServingLimits(
            max_input_tokens=longest,
            max_total_tokens=total,
            max_batch_prefill_tokens=prefill,
            max_batch_total_tokens=batch,
            max_concurrent_requests=1,
        )

    if allowed:
        build()
    else:
        with pytest.raises(InvalidLimitsError):
            build()
