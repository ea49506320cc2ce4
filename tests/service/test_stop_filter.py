from hypothesis import given
from hypothesis import strategies as st

from service.stop_filter import StopFilter

STOPS = st.lists(st.text("ab<", min_size=1, max_size=4), max_size=3)
PIECES = st.lists(st.text("ab<c", max_size=5), max_size=8)


def shown(stops, pieces):
    stop = StopFilter(stops)
    return [stop.feed(piece) for piece in pieces] + [stop.finish()]


@given(stops=STOPS, pieces=PIECES)
def test_however_a_text_is_cut_it_ends_before_its_first_stop_sequence(stops, pieces):
    text = "".join(pieces)
    ends = [at for at in map(text.find, stops) if at >= 0]
    answer = "".join(shown(stops, pieces))
    # Not always equal: one that is whole ends the text, though a longer one that began before it was on its way.
    assert text.startswith(answer)
    assert not any(stop in answer for stop in stops)
    assert len(answer) >= min(ends, default=len(text))


@given(stops=STOPS, pieces=PIECES)
def test_only_the_beginning_of_a_stop_sequence_is_held_back(stops, pieces):
    stop, given_text, shown_text = StopFilter(stops), "", ""
    for piece in pieces:
        given_text += piece
        shown_text += stop.feed(piece)
        if not stop.is_stopped:
            held = given_text.removeprefix(shown_text)
            assert not held or any(one.startswith(held) and one != held for one in stops)


def test_what_was_no_stop_sequence_in_the_end_comes_last():
    assert shown(["###"], ["a#", "#"]) == ["a", "", "##"]


def test_nothing_comes_after_a_stop_sequence():
    assert shown(["\n###"], ["one\n", "### two", "three"]) == ["one", "", "", ""]
