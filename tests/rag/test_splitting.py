from hypothesis import given, settings
from hypothesis import strategies as st

from rag.document import Document, Kind, Metadata
from rag.splitting import split

LONG = " ".join(f"w{i}." for i in range(150))


def document(text, *, kind=Kind.MARKDOWN, title=""):
    return Document(source="s", text=text, kind=kind, metadata=Metadata(title=title), content_hash="h")


def test_a_short_document_is_one_passage(words):
    (passage,) = split(document("# A\n\none\n\n## B\n\ntwo", title="T"), words)
    assert (passage.heading, passage.text) == ("T", "# A\n\none\n\n## B\n\ntwo")


def test_a_passage_says_which_sections_it_lies_in(words):
    text = f"# A\n\n{'x ' * 50}\n\n## B\n\n{'y ' * 50}"
    first, second = split(document(text, title="T"), words)
    assert (first.heading, second.heading) == ("T", "T > A")
    assert second.text.startswith("## B")
    assert second.content == f"T > A\n{second.text}"


def test_a_heading_is_never_the_last_thing_of_a_passage(words):
    text = f"# A\n\n{'x ' * 45}\n\n# B\n\n{'y ' * 45}"
    first, second = split(document(text), words)
    assert not first.text.endswith("# B")
    assert second.text.startswith("# B")


def test_a_block_longer_than_the_window_is_cut_after_sentences_into_like_parts(words):
    passages = split(document(LONG), words)
    sizes = [len(p.text.split()) for p in passages]
    assert sum(sizes) == 150
    assert max(sizes) <= words.identity.window_tokens
    assert min(sizes) >= 30
    assert all(p.text.rstrip().endswith(".") for p in passages)


def test_positions_count_from_zero_and_the_number_of_passages_is_known(words):
    passages = split(document(LONG), words)
    assert [p.position for p in passages] == list(range(len(passages)))
    assert {p.passages for p in passages} == {len(passages)}


def test_one_word_without_end_is_cut_all_the_same(minilm):
    passages = split(document("x" * 100_000), minilm)
    assert "".join(p.text for p in passages) == "x" * 100_000
    assert all(minilm.count_tokens([p.content])[0] <= minilm.identity.window_tokens for p in passages)


def test_an_empty_document_has_no_passage(words):
    assert split(document(" \n\n "), words) == []


def test_a_long_title_takes_at_most_a_quarter_of_the_window(words):
    passages = split(document(LONG, title="t " * 500), words)
    assert all(len(p.heading.split()) <= 16 for p in passages)
    assert all(len(p.content.split()) <= words.identity.window_tokens for p in passages)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=st.sampled_from("ab.# \n`-=\u3042\U0001f600"), max_size=2000), st.text("Tt ", max_size=20))
def test_every_passage_fits_into_the_window_and_no_word_is_lost(minilm, text, title):
    passages = split(document(text, title=title.strip()), minilm)
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())
    counts = minilm.count_tokens([p.content for p in passages])
    assert all(count <= minilm.identity.window_tokens for count in counts)
