from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.tokens import estimate_tokens

SAMPLES = {
    "prose": "The deployed endpoint scales its copies to zero when nobody asks, and an alarm wakes it again. " * 20,
    "code": Path(__file__).read_text() * 3,
    "numbers": "2024-05-01 12:30:59,17.25;1048576 " * 40,
    "german": "Donaudampfschifffahrtsgesellschaft und Straßenbahnhaltestelle über Größe. " * 20,
    "chinese": "\u7aef\u70b9\u5728\u6ca1\u6709\u8bf7\u6c42\u65f6\u7f29\u51cf\u5230\u96f6\u3002" * 30,
    "emoji": "\U0001f600\U0001f680\u2764\ufe0f" * 60,
    "markdown": "| a | b |\n| --- | --- |\n| `x` | **y** |\n\n## Head\n\n- item\n" * 20,
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_estimate_lies_between_a_sixth_of_the_bytes_and_the_bytes(sample):
    text = SAMPLES[sample]
    assert len(text.encode()) / 6 <= estimate_tokens(text) <= len(text.encode())


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(a, b):
    assert estimate_tokens(a + b) >= max(estimate_tokens(a), estimate_tokens(b)) - 2
