from itertools import pairwise

import pytest

from inference_client._sse import SseDecoder

STREAM = (
    "data: first — ünïcode 東京\n\n"
    ":\n\n"
    "data:no space\n\n"
    "event: ignored\nid: 7\ndata: two\ndata: lines\n\n"
    "data: with\r\ndata: crlf\r\n\r\n"
    "data: cr\r\r"
    "data:\n\n"
    "data:  one leading space stays\n\n"
).encode()
EVENTS = ["first — ünïcode 東京", "no space", "two\nlines", "with\ncrlf", "cr", "", " one leading space stays"]


def decode(*chunks: bytes) -> list[str]:
    decoder = SseDecoder()
    return [data for chunk in chunks for data in decoder.feed(chunk)]


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_cut_at_any_byte_changes_nothing(cut):
    assert decode(STREAM[:cut], STREAM[cut:]) == EVENTS


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_chunks_of_any_size_change_nothing(size):
    edges = [*range(0, len(STREAM), size), len(STREAM)]
    assert decode(*(STREAM[start:end] for start, end in pairwise(edges))) == EVENTS


def test_empty_chunks_between_cr_and_lf_change_nothing():
    assert decode(b"data: a\r", b"", b"\n\r", b"", b"\ndata: b\n\n") == ["a", "b"]


def test_an_event_without_its_blank_line_is_not_given():
    assert decode(b"data: whole\n\ndata: half\n") == ["whole"]


def test_bytes_that_are_no_utf8_do_not_end_the_stream():
    assert decode(b"data: \xff\n\ndata: next\n\n") == ["�", "next"]
