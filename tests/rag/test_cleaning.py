import pytest

from rag.cleaning import clean, join_broken_words


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00\x07b\x1b[31m", "ab[31m"),
        ("pass\u200bword\ufeff", "password"),
        ("left\u202eright", "leftright"),
        ("hid\U000e0069\U000e0067den", "hidden"),
        ("e\u0301", "\u00e9"),
        ("a\u00a0b\u2003c", "a b c"),
        ("a  \n\n\n\n\nb", "a\n\nb"),
        ("lone \ud800 half", "lone  half"),
    ],
)
def test_what_no_reader_sees_is_taken_out(dirty, expected):
    assert clean(dirty) == expected


def test_joiners_that_scripts_and_emoji_need_stay():
    assert clean("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"
    assert clean("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"


def test_an_embedded_picture_goes_and_the_words_around_it_stay():
    assert clean(f"see ![x](data:image/png;base64,{'QUJD' * 40}) here") == "see ![x]() here"


def test_words_broken_at_line_ends_are_joined_and_other_hyphens_are_left():
    assert join_broken_words("retrie-\nval of Anglo-\nSaxon pre-1900") == "retrieval of Anglo-\nSaxon pre-1900"
