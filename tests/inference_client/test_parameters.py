import pytest

from inference_client import GenerationParameters, InvalidParameterError

REFUSED = {
    "best_of": [0, 1.5],
    "temperature": [0, -0.1, float("nan"), float("inf"), "0.5", True],
    "repetition_penalty": [0, -1],
    "frequency_penalty": [-2.01, 2.01],
    "top_p": [0, 1, 1.0, -0.1],
    "typical_p": [0, 1.0],
    "top_k": [0, -1, 1.5],
    "max_new_tokens": [0, -1, 1.0, True, 2**32],
    "stop": ["word", [1]],
    "seed": [-1, 2**64],
    "top_n_tokens": [-1],
    "truncate": [0],
    "do_sample": [1, "yes"],
    "watermark": [0],
    "return_full_text": ["no"],
    "adapter_id": [""],
    "grammar": [{"type": "yaml", "value": ""}, {"type": "json"}, "json"],
}
ALLOWED = {
    "temperature": [0.01, 1, 2.5],
    "repetition_penalty": [1.1],
    "frequency_penalty": [-2, 0, 2.0],
    "top_p": [0.001, 0.999],
    "top_k": [1],
    "max_new_tokens": [1, 4096],
    "seed": [0, 2**64 - 1],
    "top_n_tokens": [0],
    "stop": [[], ["a", "b"]],
    "grammar": [{"type": "json", "value": {}}, {"type": "regex", "value": "a+"}],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_what_the_engine_would_refuse_is_refused_with_name_value_and_what_is_allowed(name, value):
    with pytest.raises(InvalidParameterError, match=rf"^{name} is .*; allowed: ") as caught:
        GenerationParameters(**{name: value})
    assert repr(value) in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ALLOWED.items() for value in values])
def test_what_the_engine_takes_is_sent_as_it_is(name, value):
    assert GenerationParameters(**{name: value}).as_payload()[name] == value


def test_what_is_none_is_not_sent_and_return_full_text_always_is():
    assert GenerationParameters(max_new_tokens=None).as_payload() == {"return_full_text": False}


def test_an_answer_is_bounded_unless_asked_otherwise():
    assert GenerationParameters().as_payload() == {"max_new_tokens": 150, "return_full_text": False}


@pytest.mark.parametrize("sampling", [{}, {"temperature": 1.0}, {"do_sample": False}])
def test_several_candidates_need_sampling(sampling):
    with pytest.raises(InvalidParameterError, match="needs sampling"):
        GenerationParameters(best_of=2, **sampling)


def test_several_candidates_exclude_a_seed():
    with pytest.raises(InvalidParameterError, match="seed must not be set"):
        GenerationParameters(best_of=2, do_sample=True, seed=1)


def test_a_list_given_as_stop_is_not_shared():
    words = ["a"]
    parameters = GenerationParameters(stop=words)
    words.append("b")
    assert parameters.as_payload()["stop"] == ["a"]
