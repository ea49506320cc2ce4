"""TGI's rules of a generation, without a model."""

from local.llama.tokens import Step, Token
from local.tgi.grammar import JsonGrammar, RegexGrammar
from local.tgi.sampling import Sampling
from local.tgi.stopping import FinishReason, StoppingCriteria


def step(text: str = "a", *, ends: bool = False) -> Step:
    return Step(Token(id=1, text=text, logprob=0.0, special=ends), top_tokens=(), ends=ends)


def test_length_goes_before_the_end_of_sequence_and_that_before_stop_sequences():
    assert StoppingCriteria(max_new_tokens=1, stop=["a"]).check(step(ends=True)) is FinishReason.LENGTH
    assert StoppingCriteria(max_new_tokens=2, stop=["a"]).check(step(ends=True)) is FinishReason.EOS_TOKEN
    assert StoppingCriteria(max_new_tokens=2, stop=["a"]).check(step()) is FinishReason.STOP_SEQUENCE


def test_a_stop_sequence_is_found_across_tokens_but_not_within_one():
    criteria = StoppingCriteria(max_new_tokens=9, stop=["END", "x" * 400])
    assert criteria.check(step("E")) is None
    assert criteria.check(step("ND.")) is None
    assert criteria.check(step("EN")) is None
    assert criteria.check(step("D\n")) is FinishReason.STOP_SEQUENCE
    long = StoppingCriteria(max_new_tokens=900, stop=["x" * 400])
    assert [long.check(step("x" * 100)) for _ in range(4)][-1] is FinishReason.STOP_SEQUENCE


def test_penalties_look_at_the_whole_text_and_frequency_is_relative():
    fields = Sampling(repetition_penalty=1.2, frequency_penalty=1.0).describe(input_length=50, max_new_tokens=10)
    assert (fields["repeat_penalty"], fields["frequency_penalty"], fields["repeat_last_n"]) == (1.2, 0.02, 60)
    assert fields["temperature"] == 0.0


def test_a_seed_of_64_bits_fits_llamas_32_and_never_means_random():
    seeds = [
        Sampling(seed=seed).describe(input_length=1, max_new_tokens=1)["seed"] for seed in (0, 2**32 - 1, 2**64 - 1)
    ]
    assert all(0 <= seed < 2**32 - 1 for seed in seeds)


def test_grammars_become_llguidance():
    assert RegexGrammar(r"a/b\/c").compile() == "%llguidance {}\nstart: /a\\/b\\/c/"
    schema = {"properties": {"a": {"type": "array", "items": {"properties": {"b": {"type": "string"}}}}}}
    compiled = JsonGrammar(schema).compile()
    assert compiled.count('"additionalProperties": false') == 2
    assert "additionalProperties" not in str(schema)
