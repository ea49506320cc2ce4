"""POST /rag and POST /rag/stream: what callers get, piece by piece."""

import time

import httpx
import pytest
from structlog.testing import capture_logs

QUESTION = {"query": "How does the twin wake up from zero?"}


def test_an_answer_has_its_text_sources_and_timings(client, say):
    answer = client.post("/rag", json=QUESTION).raise_for_status().json()
    assert answer["answer"] == "".join(say.ANSWER)
    assert [source["number"] for source in answer["sources"]] == list(range(1, len(answer["sources"]) + 1))
    first = answer["sources"][0]
    assert first["document"] == "docs/scaling.md"
    assert "wakes it up" in first["text"] or "Waking up" in first["text"]
    assert answer["cited"] == [1]
    assert answer["finish_reason"] == "stop"
    assert answer["usage"] == {"input_tokens": 40, "output_tokens": len(say.ANSWER)}
    assert {"understand", "search", "generate"} <= set(answer["timings_ms"])


def test_the_sources_were_in_the_prompt(client, endpoint):
    answer = client.post("/rag", json=QUESTION).json()
    prompt = endpoint.answers_asked[0].prompt
    for source in answer["sources"]:
        assert f"<passage {source['number']}" in prompt
        assert source["text"].split("\n")[0][:40] in prompt


def test_the_stream_tells_stages_then_sources_then_tokens_then_done(client, say, events_of):
    with client.stream("POST", "/rag/stream", json=QUESTION) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = events_of(response.read().decode())
    kinds = [kind for kind, _ in events]
    assert kinds[0] == "stage"
    assert kinds.index("sources") < kinds.index("token") < kinds.index("done") == len(kinds) - 1
    assert [data["stage"] for kind, data in events if kind == "stage"] == ["understand", "search", "pack", "generate"]
    done = events[-1][1]
    assert "".join(data["text"] for kind, data in events if kind == "token") == done["answer"] == "".join(say.ANSWER)
    assert done["request_id"] == response.headers["x-request-id"]


def test_both_forms_give_the_same_answer(client, events_of):
    whole = client.post("/rag", json=QUESTION).json()
    events = dict(events_of(client.post("/rag/stream", json=QUESTION).text))
    for name in ("answer", "cited", "finish_reason", "usage", "notes"):
        assert whole[name] == events["done"][name]
    assert whole["sources"] == events["sources"]["sources"]


def test_the_first_token_arrives_before_the_last_is_made(client, endpoint, say):
    endpoint.answer = say.chat("The ", 0.5, "end.")
    arrived = {}
    started_s = time.monotonic()
    with client.stream("POST", "/rag/stream", json=QUESTION) as response:
        for line in response.iter_lines():
            if line.startswith("event: "):
                arrived.setdefault(line.removeprefix("event: "), time.monotonic() - started_s)
    assert arrived["done"] - arrived["token"] > 0.4


def test_filters_hold(client):
    answer = client.post("/rag", json={"query": "What gives a model a voice?", "filters": {"category": "post"}}).json()
    assert {source["document"] for source in answer["sources"]} == {"posts/voice.md"}
    assert answer["filters"]["category"] == "post"


def test_nothing_near_the_question_is_said_without_asking_the_model(client, endpoint):
    answer = client.post("/rag", json={"query": "zxqv wvut qqqq"}).json()
    assert answer["finish_reason"] == "nothing_found"
    assert answer["sources"] == []
    assert endpoint.answers_asked == []


def test_the_llm_call_carries_the_request_id(client, endpoint):
    client.post("/rag", json=QUESTION, headers={"X-Request-ID": "case-4711"})
    assert {one.inference_id for one in endpoint.asked} == {"case-4711"}


def test_an_unusable_request_id_is_replaced(client, endpoint):
    response = client.post("/rag", json=QUESTION, headers={"X-Request-ID": "a b\tc" + "x" * 100})
    assert response.headers["x-request-id"] == endpoint.asked[-1].inference_id
    assert len(response.headers["x-request-id"]) == 32


def test_a_caller_who_leaves_a_stream_ends_the_generation(service, endpoint, say):
    endpoint.answer = say.chat("The ", say.HANG)
    with service.client() as client, client.stream("POST", "/rag/stream", json=QUESTION) as response:
        for line in response.iter_lines():
            if line.startswith("event: token"):
                break
    assert endpoint.answers_asked[0].left_early.wait(10)


def test_a_caller_who_leaves_before_the_answer_ends_the_generation(service, endpoint, say, eventually):
    endpoint.answer = say.chat("The ", say.HANG)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{service.url}/rag", json=QUESTION, timeout=1, trust_env=False)
    assert endpoint.answers_asked[0].left_early.wait(10)
    with service.client() as client:
        assert 'twin_requests_total{method="POST",route="/rag",status="499"}' in client.get("/metrics").text
        eventually(lambda: "twin_answers_in_progress 0.0" in client.get("/metrics").text)


def test_the_book_models_prompt_is_alpaca_and_its_stop_is_cut_off(serve, knowledge, outputs_file, endpoint, say):
    endpoint.answer = say.text("It ", "wakes. ", "### Instr", "uction: more", finish_reason="stop_sequence")
    outputs = outputs_file(ModelId="mlabonne/TwinLlama-3.1-8B-DPO")
    with serve(store=knowledge, endpoint_outputs_file=outputs) as service, service.client() as client:
        answer = client.post("/rag", json=QUESTION).raise_for_status().json()
    assert answer["answer"].strip() == "It wakes."
    asked = endpoint.answers_asked[0]
    assert asked.prompt.startswith("Below is an instruction that describes a task.")
    assert asked.body["parameters"]["stop"] == ["### Instruction:", "### Response:", "\nQuestion:"]


def test_an_endpoint_that_counts_more_tokens_gets_a_shorter_prompt(client, endpoint, say):
    endpoint.answer = lambda _: say.TOO_LONG if len(endpoint.answers_asked) == 1 else say.chat("Short. [1]")
    answer = client.post("/rag", json=QUESTION).raise_for_status().json()
    assert answer["answer"] == "Short. [1]"
    assert len(endpoint.answers_asked) == 2


@pytest.mark.parametrize("log_prompts", [False, True])
def test_words_are_in_the_log_only_where_the_settings_say_so(serve, knowledge, endpoint, log_prompts):
    with (
        capture_logs() as lines,
        serve(store=knowledge, log_prompts=log_prompts) as service,
        service.client() as client,
    ):
        client.post("/rag", json={"query": "How does the twin wake up, wombat?"}).raise_for_status()
    assert ("wombat" in str(lines)) is log_prompts
