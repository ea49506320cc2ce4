import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.citations import CitationFilter

CASES = [
    ("It is true [1].", "It is true [1].", [1], []),
    ("Both [1, 2] and [3-4].", "Both [1, 2] and [3].", [1, 2, 3], [4]),
    ("No [9] such.", "No such.", [], [9]),
    ("Two [1][7] marks", "Two [1] marks", [1], [7]),
    ("x[i], [a](b), [2", "x[i], [a](b), [2", [], []),
    ("Zero [0] and [999].", "Zero and.", [], [0, 999]),
    ("[2]", "[2]", [2], []),
    ("ends with [", "ends with [", [], []),
    ("a [ 3 ; 8 ] b", "a [3] b", [3], [8]),
]


@pytest.mark.parametrize(("said", "shown", "cited", "invented"), CASES)
def test_invented_numbers_go_and_true_ones_stay_wherever_the_stream_is_cut(said, shown, cited, invented):
    for cut in range(len(said) + 1):
        check = CitationFilter([1, 2, 3])
        text = check.feed(said[:cut]) + check.feed(said[cut:]) + check.finish()
        assert (text, check.cited, check.invented) == (shown, cited, invented)


def test_text_is_not_held_back_longer_than_a_citation_could_be():
    check = CitationFilter([1])
    assert check.feed("a sentence, then [") == "a sentence, then"
    assert check.feed("not a number]") == " [not a number]"


@example(["[[0", "]0]"])
@example(["[" + " " * 45 + "0]"])
@given(st.lists(st.text(alphabet="[]0123,- ab", max_size=6), max_size=20))
def test_every_number_that_is_left_exists(pieces):
    check = CitationFilter([1, 2])
    shown = "".join(check.feed(piece) for piece in pieces) + check.finish()
    again = CitationFilter([1, 2])
    again.feed(shown)
    again.finish()
    assert again.invented == []
