"""Many twins on one base model: who asks names the adapter that writes."""

import openai
import pytest

QUESTION = {"query": "How does the twin wake up from zero?"}
TURNS = [{"role": "user", "content": QUESTION["query"]}]
ADAPTERS = "ada/voice,bob/voice"


@pytest.fixture(scope="module")
def voices(serve, knowledge, outputs_file):
    """A service whose endpoint has two adapters, which the engine tells apart."""
    with serve(store=knowledge, understand=True, endpoint_outputs_file=outputs_file(Adapters=ADAPTERS)) as service:
        yield service


@pytest.fixture
def chat(voices, endpoint):
    with voices.client() as http:
        yield openai.OpenAI(api_key="none", base_url=f"{voices.url}/v1", http_client=http, max_retries=0).chat


def test_each_adapter_is_a_model_with_retrieval_and_without(voices, say):
    with voices.client() as client:
        models = client.get("/v1/models").raise_for_status().json()["data"]
    assert [(model["id"], model["owned_by"]) for model in models] == [
        ("llm-twin", "llm-twin"),
        ("llm-twin:ada/voice", "llm-twin"),
        ("llm-twin:bob/voice", "llm-twin"),
        (say.MODEL, "endpoint"),
        ("ada/voice", "endpoint"),
        ("bob/voice", "endpoint"),
    ]


def test_a_chat_with_a_twin_is_written_by_its_adapter_and_understood_by_the_base_model(chat, endpoint):
    completion = chat.completions.create(model="llm-twin:bob/voice", messages=TURNS)
    assert completion.model == "llm-twin:bob/voice"
    assert completion.model_extra["sources"]
    understood, written = endpoint.asked
    assert (understood.is_understanding, understood.body.get("model")) == (True, None)
    assert written.body["model"] == "bob/voice"


def test_a_chat_with_an_adapter_itself_has_nothing_retrieved(chat, endpoint):
    chat.completions.create(model="ada/voice", messages=TURNS)
    (asked,) = endpoint.asked
    assert (asked.body["model"], asked.prompt) == ("ada/voice", QUESTION["query"])


@pytest.mark.parametrize("route", ["/rag", "/rag/stream"])
def test_an_answer_is_written_by_the_adapter_that_is_named(voices, endpoint, route):
    with voices.client() as client:
        client.post(route, json={**QUESTION, "adapter": "ada/voice"}).raise_for_status()
        client.post(route, json=QUESTION).raise_for_status()
    assert [asked.body.get("model") for asked in endpoint.answers_asked] == ["ada/voice", None]


def test_an_unknown_adapter_is_refused_with_those_that_there_are(voices, endpoint, chat):
    with voices.client() as client:
        refused = client.post("/rag", json={**QUESTION, "adapter": "eve/voice"})
    assert refused.status_code == 422
    assert "'eve/voice'; the endpoint has: ada/voice, bob/voice." in refused.json()["detail"]
    with pytest.raises(openai.NotFoundError, match="llm-twin:ada/voice"):
        chat.completions.create(model="llm-twin:eve/voice", messages=TURNS)
    assert endpoint.asked == []


def test_an_adapter_that_is_a_component_is_asked_as_one(serve, knowledge, outputs_file, endpoint):
    outputs = outputs_file(Adapters="ada", AdapterComponents="ada=twin-adapter-ada")
    with serve(store=knowledge, endpoint_outputs_file=outputs) as service, service.client() as client:
        client.post("/rag", json={**QUESTION, "adapter": "ada"}).raise_for_status()
    (asked,) = endpoint.asked
    assert asked.component == "twin-adapter-ada"
    assert "model" not in asked.body


def test_the_books_prompt_form_names_the_adapter_in_its_parameters(serve, knowledge, outputs_file, endpoint, say):
    endpoint.answer = say.text("It ", "wakes.")
    outputs = outputs_file(ModelId="mlabonne/TwinLlama-3.1-8B-DPO", Adapters=ADAPTERS)
    with serve(store=knowledge, endpoint_outputs_file=outputs) as service, service.client() as client:
        client.post("/rag", json={**QUESTION, "adapter": "bob/voice"}).raise_for_status()
    assert endpoint.answers_asked[0].body["parameters"]["adapter_id"] == "bob/voice"
