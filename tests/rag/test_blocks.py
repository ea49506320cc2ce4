from hypothesis import given
from hypothesis import strategies as st

from rag.blocks import scan
from rag.document import Kind


def blocks(text, kind=Kind.MARKDOWN):
    return [(block.text, block.headings) for block in scan(text, kind)]


def test_paragraphs_know_the_sections_that_they_lie_in():
    text = "intro\n\n# A\n\none\n\n## B\n\ntwo\nlines\n\n# C\n\nthree"
    assert blocks(text) == [
        ("intro", ()),
        ("# A", ("A",)),
        ("one", ("A",)),
        ("## B", ("A", "B")),
        ("two\nlines", ("A", "B")),
        ("# C", ("C",)),
        ("three", ("C",)),
    ]


def test_underlined_titles_are_headings():
    assert blocks("Title\n=====\n\ntext\n\nPart\n----\nmore") == [
        ("Title\n=====", ("Title",)),
        ("text", ("Title",)),
        ("Part\n----", ("Title", "Part")),
        ("more", ("Title", "Part")),
    ]


def test_fenced_code_is_one_block_whatever_it_holds():
    code = "```python\n# no heading\n\nx = 1\n~~~\n```"
    assert blocks(f"# A\n\n{code}\nafter") == [("# A", ("A",)), (code, ("A",)), ("after", ("A",))]


def test_a_fence_that_never_closes_ends_with_the_text():
    assert blocks("```\na\n\nb") == [("```\na\n\nb", ())]


def test_source_code_is_cut_where_functions_begin():
    code = "import os\n\n\ndef f():\n    a = 1\n\n    return a\n\n\ndef g():\n    pass"
    assert [text for text, _ in blocks(code, Kind.CODE)] == [
        "import os",
        "def f():\n    a = 1\n\n    return a",
        "def g():\n    pass",
    ]


@given(st.text(alphabet="ab #`~=-\n\t1.|", max_size=300), st.sampled_from([Kind.MARKDOWN, Kind.CODE]))
def test_no_word_is_lost_and_none_is_made(text, kind):
    assert "".join("".join(block.text.split()) for block in scan(text, kind)) == "".join(text.split())
