from datetime import date

import pytest

from rag.errors import InvalidQuestionError, StoreMissingError
from rag.filters import Filters
from rag.ingest import Ingestor
from rag.retrieval import Retriever
from rag.retrieval_settings import RetrievalSettings
from rag.timing import Timings

pytestmark = pytest.mark.anyio

TEXTS = {
    "scaling": "Copies of a component scale to zero when no request arrives, and an alarm wakes them.",
    "lock": "Only one writer may hold the lock of the store; a second one is told who holds it.",
    "bread": "Sourdough bread needs flour, water, salt and a whole night of patience.",
    "german": "Die Bahn kommt heute wieder zu spät an.",
}


@pytest.fixture
async def store(open_store, minilm, raw):
    store = open_store(minilm)
    authors = {"scaling": "Ann Lee", "lock": "Ann Lee", "bread": "Bob Ray", "german": "Bob Ray"}
    documents = [
        raw(name, text, author=authors[name], category="article", date=date(2024, 1, 1 + i))
        for i, (name, text) in enumerate(TEXTS.items())
    ]
    await Ingestor(store=store, embedder=minilm).ingest([*documents, raw("copy of bread", TEXTS["bread"])])
    return store


@pytest.fixture
def retriever(store, minilm):
    return Retriever(store=store, embedder=minilm)


def sources(retrieval):
    return [r.passage.source for r in retrieval.passages]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How do I bake a loaf?", "bread"),
        ("What happens to idle replicas?", "scaling"),
        ("Who may write at the same time?", "lock"),
        ("sourdough", "bread"),
    ],
)
async def test_the_passage_that_answers_comes_first(retriever, question, expected):
    retrieval = await retriever.retrieve(question, k=3)
    assert sources(retrieval)[0].endswith(expected)
    assert retrieval.is_found


async def test_a_passage_is_found_by_the_words_of_those_that_answer(open_store, minilm, raw):
    """It shares no word with the question, and the search by vector does not reach it."""
    store = open_store(minilm)
    documents = [raw(f"kneading {i}", f"Kneading a loaf: gluten and crumb, recipe {i}.") for i in range(5)]
    documents.append(raw("found", "gluten crumb"))
    documents += [raw(f"other {i}", f"A recipe for bread that is baked at home for {i} minutes.") for i in range(5)]
    await Ingestor(store=store, embedder=minilm).ingest(documents)
    places = {}
    for words in (0, 10):
        settings = RetrievalSettings(depth=8, dense_weight=0.3, feedback_words=words)
        retrieval = await Retriever(store=store, embedder=minilm, settings=settings).retrieve("kneading loaf", k=6)
        places[words] = "found" in sources(retrieval)
    assert places == {0: False, 10: True}


async def test_equal_texts_count_once(retriever):
    assert len([s for s in sources(await retriever.retrieve("bread", k=9)) if "bread" in s]) == 1


async def test_the_same_question_gives_the_same_order(retriever):
    runs = [await retriever.retrieve("the lock of the store", k=9) for _ in range(3)]
    assert runs[0].passages == runs[1].passages == runs[2].passages


async def test_a_question_about_something_else_finds_nothing(retriever):
    retrieval = await retriever.retrieve("What is the gross domestic product of Peru?", k=3)
    assert not retrieval.is_found
    assert retrieval.passages


async def test_a_passage_with_every_word_of_the_question_is_a_find_whatever_its_vector_says(store, minilm):
    retriever = Retriever(store=store, embedder=minilm, settings=RetrievalSettings(min_similarity=0.99))
    assert (await retriever.retrieve("Is there a sourdough?", k=1)).is_found
    assert not (await retriever.retrieve("Is there a sourdough pizza?", k=1)).is_found


async def test_the_callers_filter_holds_even_if_nothing_meets_it(retriever):
    retrieval = await retriever.retrieve("bread", k=9, filters=Filters(author="Nobody"))
    assert sources(retrieval) == []
    assert not retrieval.is_found


async def test_an_understood_filter_is_dropped_where_nothing_meets_it_and_that_is_said(retriever):
    understood = Filters(author="Ann Lee", date_from=date(2030, 1, 1))
    retrieval = await retriever.retrieve("bread", k=9, understood=understood)
    assert sources(retrieval)[0].endswith("bread")
    assert retrieval.filters == Filters()
    assert "left out" in retrieval.notes[0]


async def test_an_understood_filter_that_is_met_holds(retriever):
    retrieval = await retriever.retrieve("bread", k=9, understood=Filters(author="Ann Lee"))
    assert set(sources(retrieval)) == {"scaling", "lock"}
    assert retrieval.notes == ()


async def test_an_expansion_helps_and_one_that_left_the_subject_is_not_used(retriever):
    retrieval = await retriever.retrieve(
        "idle replicas", k=2, expansions=["replicas without requests are stopped", "pizza with pineapple"]
    )
    assert retrieval.expansions == ("replicas without requests are stopped",)
    assert sources(retrieval)[0] == "scaling"


class Reverse:
    """A Reranker that likes short passages."""

    async def score(self, question, texts):
        return [-float(len(text)) for text in texts]


class Broken:
    async def score(self, question, texts):
        raise RuntimeError("no weights")


async def test_a_reranker_orders_what_fusion_found(store, minilm):
    timings = Timings()
    retriever = Retriever(store=store, embedder=minilm, reranker=Reverse())
    retrieval = await retriever.retrieve("bread", k=9, timings=timings)
    lengths = [len(r.passage.text) for r in retrieval.passages]
    assert lengths == sorted(lengths)
    assert "rerank" in timings.as_ms()


async def test_a_reranker_that_fails_leaves_the_order_of_fusion_and_that_is_said(store, minilm, retriever):
    broken = await Retriever(store=store, embedder=minilm, reranker=Broken()).retrieve("bread", k=9)
    assert broken.passages == (await retriever.retrieve("bread", k=9)).passages
    assert "Reranking failed (RuntimeError)" in broken.notes[0]


async def test_every_stage_is_timed_and_fusion_is_not_called_reranking(retriever):
    timings = Timings()
    await retriever.retrieve("bread", k=1, timings=timings)
    assert list(timings.as_ms()) == ["embed", "search", "fuse"]


@pytest.mark.parametrize(("question", "problem"), [(" \n", "is empty"), ("x" * 9000, "has 9,000 characters")])
async def test_a_question_of_no_use_is_refused(retriever, question, problem):
    with pytest.raises(InvalidQuestionError, match=problem):
        await retriever.retrieve(question, k=1)


@pytest.mark.parametrize(
    "question", ["?", "the", "\u0000\u0001 x", "'; DROP TABLE passages; --", "\U0001f600" * 50, "a" * 8000]
)
async def test_odd_questions_are_searched_like_any_other(retriever, question):
    assert (await retriever.retrieve(question, k=2)).passages


async def test_a_missing_store_is_an_error_at_once(open_store, minilm, tmp_path):
    retriever = Retriever(store=open_store(minilm, location=tmp_path / "none"), embedder=minilm)
    with pytest.raises(StoreMissingError):
        await retriever.retrieve("bread", k=1)
