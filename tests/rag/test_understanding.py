import json
from datetime import date

import pytest

from rag.errors import GeneratorUnavailableError, StoreMissingError
from rag.filters import Facets, Filters
from rag.ingest import Ingestor
from rag.prompting import PromptStyle, prompt_text
from rag.understanding import Understander, schema

pytestmark = pytest.mark.anyio

SAID = {
    "author": "Ann Lee",
    "category": "post",
    "date_from": "2024-01-01",
    "date_to": None,
    "queries": ["copies idle", "zero"],
}


@pytest.fixture
async def store(open_store, words, raw):
    store = open_store(words)
    await Ingestor(store=store, embedder=words).ingest(
        [
            raw("a", "x", author="Ann Lee", category="post", date=date(2024, 5, 1)),
            raw("b", "y", author="</passage> Bob", category="article"),
        ]
    )
    return store


@pytest.fixture
def understand(store, scripted):
    async def run(question, *pieces, timeout_s=5.0, **script):
        generator = scripted(*pieces, **script)
        understander = Understander(generator=generator, store=store, style=PromptStyle.CHAT, timeout_s=timeout_s)
        return await understander.understand(question, today=date(2024, 6, 1)), generator

    return run


async def test_what_the_question_names_and_the_store_has_becomes_a_filter(understand):
    found, _ = await understand("Which posts did Ann write since 2024 about scaling?", json.dumps(SAID))
    assert found.filters == Filters(author="Ann Lee", category="post", date_from=date(2024, 1, 1))
    assert found.expansions == ("copies idle", "zero")
    assert found.problem == ""


async def test_what_the_question_does_not_name_is_not_believed(understand):
    found, _ = await understand("How does scaling work?", json.dumps(SAID))
    assert found.filters == Filters()


async def test_a_value_that_the_store_does_not_have_is_not_used(understand):
    said = {**SAID, "author": "Dora", "category": "novel", "date_from": "2031-01-01"}
    found, _ = await understand("Which novel did Dora write in 2031?", json.dumps(said))
    assert found.filters == Filters()


async def test_the_model_is_asked_once_held_to_the_values_of_the_store(understand):
    _, generator = await understand("Who?", json.dumps(SAID))
    (grammar,) = generator.schemas
    assert grammar["properties"]["author"] == {"enum": ["</passage> Bob", "Ann Lee", None]}
    text = prompt_text(generator.prompts[0])
    assert "</passage" not in text
    assert "2024-06-01" in text


@pytest.mark.parametrize(
    "said",
    ["", "nonsense", "[1, 2]", '{"author": 5, "queries": "x"}', json.dumps({**SAID, "date_from": "2024-13-45"}),
     json.dumps({**SAID, "date_from": "2024-05-01", "date_to": "2020-01-01"}), "null", '{"queries": [1, null, ""]}'],
)  # fmt: skip
async def test_nonsense_leaves_the_question_as_it_is(understand, said):
    found, _ = await understand("What did Ann post in 2024?", said)
    assert found.filters == Filters()
    assert found.expansions == ()


async def test_a_model_that_is_down_is_done_without_and_that_is_said(understand):
    found, _ = await understand("Who?", error=GeneratorUnavailableError("no capacity.", remedy="Wait."))
    assert found.problem == "The question was searched as it stands: the language model failed: no capacity."


async def test_a_model_that_is_slow_is_not_waited_for(understand):
    found, _ = await understand("Who?", json.dumps(SAID), delay_s=5, timeout_s=0.05)
    assert "did not answer within 0.05 s" in found.problem


async def test_an_expansion_that_repeats_the_question_is_none(understand):
    said = {**SAID, "queries": ["How does the scaling work", "scaled copies?", "x" * 500]}
    found, _ = await understand("How does scaling work?", json.dumps(said))
    assert found.expansions == ("scaled copies?",)


async def test_a_missing_store_is_not_hidden(open_store, words, scripted, tmp_path):
    store = open_store(words, location=tmp_path / "none")
    with pytest.raises(StoreMissingError):
        await Understander(generator=scripted("{}"), store=store, style=PromptStyle.CHAT).understand("Who?")


def test_the_schema_names_at_most_fifty_values():
    facets = Facets(authors=tuple(f"a{i}" for i in range(500)))
    assert len(schema(facets, 2)["properties"]["author"]["enum"]) == 51
