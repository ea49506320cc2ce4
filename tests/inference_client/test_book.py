"""The book's surface, as printed in its chapter 10."""

import threading

import pytest

import inference_client as ic
from inference_client import Inference, InferenceExecutor, LLMInferenceSagemakerEndpoint, settings

OPTIONS = ic.ClientOptions(backoff_s=0.01)


@pytest.fixture
def make_llm(wire, session):
    made = []

    def make(*arguments, **options):
        llm = LLMInferenceSagemakerEndpoint(*arguments, session=session, options=OPTIONS, **options)
        made.append(llm)
        return llm

    yield make
    for llm in made:
        llm.client.close()


@pytest.fixture
def llm(make_llm):
    return make_llm("twin", None, "llm")


class Echo(Inference):
    """A strategy of someone else."""

    def set_payload(self, inputs, parameters=None):
        self.inputs, self.parameters = inputs, parameters

    def inference(self):
        return [{"generated_text": self.inputs}]


def test_it_works_as_printed(wire, say, monkeypatch):
    wire.on("ListInferenceComponents", say.json({"InferenceComponents": []}))
    wire.on("invoke", say.json([{"generated_text": "A post."}]))
    monkeypatch.setenv("SAGEMAKER_ENDPOINT_INFERENCE", "twin")
    llm = LLMInferenceSagemakerEndpoint(endpoint_name=settings.SAGEMAKER_ENDPOINT_INFERENCE)
    answer = InferenceExecutor(llm, "Write me a post about AWS SageMaker inference endpoints.").execute()
    llm.client.close()
    assert answer == "A post."
    assert wire.requests[-1].path == "/endpoints/twin/invocations"
    assert wire.requests[-1].json == {
        "inputs": "You are a content creator. Write what the user asked you to while using the provided context as the "
        "primary source of information for the content.\n"
        "User query: Write me a post about AWS SageMaker inference endpoints.\n"
        "Context: ",
        "parameters": {
            "max_new_tokens": 150,
            "top_p": 0.9,
            "temperature": 0.01,
            "repetition_penalty": 1.1,
            "return_full_text": False,
        },
    }


def test_the_executor_works_with_any_strategy():
    echo = Echo()
    assert InferenceExecutor(echo, "Q", "C").execute().endswith("User query: Q\nContext: C")
    assert echo.parameters == {"max_new_tokens": 150, "repetition_penalty": 1.1, "temperature": 0.01}


def test_the_settings_are_read_when_it_executes(monkeypatch):
    echo = Echo()
    executor = InferenceExecutor(echo, "Q")
    monkeypatch.setenv("MAX_NEW_TOKENS_INFERENCE", "7")
    executor.execute()
    assert echo.parameters["max_new_tokens"] == 7


@pytest.mark.parametrize(
    ("query", "context", "prompt", "expected"),
    [
        ("{context} {0} {", "}{query}", "Q={query} C={context}", "Q={context} {0} { C=}{query}"),
        ("q", None, 'Answer as {"a": {}} about {query}', 'Answer as {"a": {}} about q'),
        ("q", "c", "{{query}} {query.x} {missing}", "{q} {query.x} {missing}"),
        (r"\1 \g<0>", "c", "{query}", r"\1 \g<0>"),
        ("q", "c", "no placeholder", "no placeholder"),
    ],
)
def test_braces_break_nothing(query, context, prompt, expected):
    assert InferenceExecutor(Echo(), query, context, prompt).execute() == expected


@pytest.mark.parametrize("answer", [None, [], {}, [{"text": "x"}], "text", [7]])
def test_an_answer_without_a_generated_text_is_shown(answer):
    echo = Echo()
    echo.inference = lambda: answer
    with pytest.raises(ic.UnexpectedAnswerError, match="generated_text"):
        InferenceExecutor(echo, "Q").execute()


def test_a_bare_object_is_an_answer_too():
    echo = Echo()
    echo.inference = lambda: {"generated_text": "x"}
    assert InferenceExecutor(echo, "Q").execute() == "x"


def test_inference_without_a_payload_asks_the_default(wire, say, llm):
    wire.on("invoke", say.json([{"generated_text": "Sunny."}]))
    assert llm.inference() == [{"generated_text": "Sunny."}]
    assert wire.requests[0].json["inputs"] == "How is the weather?"
    assert wire.requests[0].headers["x-amzn-sagemaker-inference-component"] == "llm"


def test_a_default_payload_is_copied_and_never_changed(wire, say, make_llm):
    mine = {"inputs": "mine", "parameters": {"max_new_tokens": 5, "stop": ["a"]}, "extra": 1}
    llm = make_llm("twin", mine, "llm")
    mine["parameters"]["stop"].append("later")
    llm.set_payload("first", {"temperature": 0.5, "stop": ["b"]})
    llm.payload["parameters"]["max_new_tokens"] = 0
    llm.set_payload("second")
    assert mine == {"inputs": "mine", "parameters": {"max_new_tokens": 5, "stop": ["a", "later"]}, "extra": 1}
    assert llm.payload == {
        "inputs": "second",
        "parameters": {"max_new_tokens": 5, "stop": ["a"], "return_full_text": False},
        "extra": 1,
    }


def test_nulls_are_not_sent(llm):
    llm.set_payload("Hallo", {"top_p": None, "seed": None})
    assert "top_p" not in llm.payload["parameters"]
    assert "seed" not in llm.payload["parameters"]


@pytest.mark.parametrize("inputs", ["", None, 7])
def test_an_empty_prompt_is_refused(llm, inputs):
    with pytest.raises(ic.InvalidPromptError):
        llm.set_payload(inputs)


def test_a_parameter_out_of_range_is_refused_and_an_unknown_one_is_the_engines_business(llm):
    with pytest.raises(ic.InvalidParameterError, match=r"top_p is 1\.5; allowed"):
        llm.set_payload("Hallo", {"top_p": 1.5})
    llm.set_payload("Hallo", {"decoder_input_details": True})
    assert llm.payload["parameters"]["decoder_input_details"] is True


def test_threads_that_share_it_never_see_each_others_payload(wire, say, llm):
    wire.on("invoke", say.json([{"generated_text": "x"}]))
    barrier = threading.Barrier(8)
    sent = []

    def ask(number):
        for turn in range(3):
            barrier.wait(timeout=10)
            llm.set_payload(f"{number}.{turn}", {"max_new_tokens": number + 1})
            barrier.wait(timeout=10)
            sent.append((number, llm.payload))
            llm.inference()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 24
    assert all(payload["inputs"].startswith(f"{number}.") for number, payload in sent)
    asked = [(request.json["inputs"], request.json["parameters"]["max_new_tokens"]) for request in wire.requests]
    assert sorted(asked) == sorted((f"{number}.{turn}", number + 1) for number in range(8) for turn in range(3))


def test_a_payload_set_in_another_thread_is_an_error_and_not_the_wrong_question(llm):
    thread = threading.Thread(target=llm.set_payload, args=("elsewhere",))
    thread.start()
    thread.join()
    with pytest.raises(ic.ConfigurationError, match="another thread"):
        llm.inference()


def test_it_names_what_it_asks(make_llm):
    llm = make_llm(endpoint_name="twin", inference_component_name="None")
    assert (llm.endpoint_name, llm.inference_component_name) == ("twin", None)
    with pytest.raises(ic.ConfigurationError, match="endpoint_name is ''"):
        make_llm("")
