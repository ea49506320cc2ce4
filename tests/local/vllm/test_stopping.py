"""When an answer ends and which of its text is certain, without a model."""

from local.llama.tokens import Step, Token
from local.vllm.stopping import Ending, FinishReason


def step(text: str, *, token_id: int = 1, ends: bool = False) -> Step:
    return Step(Token(id=token_id, text=text, logprob=0.0, special=ends), top_tokens=(), ends=ends)


def run(*steps: Step, stop: tuple[str, ...] = (), **options: object) -> list[tuple[str, str | None, object]]:
    usual = {"max_new_tokens": 9, "stop_token_ids": (), "include_stop": False, "skip_special": True}
    ending = Ending(stop=stop, **usual | options)
    outputs = [ending.take(each) for each in steps]
    return [(output.text, output.finish_reason, output.stop_reason) for output in outputs]


def test_what_may_begin_a_stop_string_is_held_back_until_it_is_none():
    assert run(step("a E"), step("N"), step("x"), step("END!"), stop=("END",)) == [
        ("a", None, None),
        (" ", None, None),
        ("E", None, None),
        ("Nx", FinishReason.STOP, "END"),
    ]


def test_a_stop_string_within_a_token_cuts_it_and_the_first_of_several_counts():
    assert run(step("one.two;three"), stop=(";", ".")) == [("one", FinishReason.STOP, ".")]
    assert run(step("one."), step("two"), stop=(".t",)) == [("one", None, None), ("", FinishReason.STOP, ".t")]
    assert run(step("one.two"), stop=(".",), include_stop=True) == [("one.", FinishReason.STOP, ".")]


def test_what_was_held_back_comes_with_the_end():
    assert run(step("a E"), step("N"), stop=("END",), max_new_tokens=2)[-1] == (" EN", FinishReason.LENGTH, None)
    assert run(step("a E"), step("<end>", ends=True), stop=("END",))[-1] == (" E", FinishReason.STOP, None)


def test_the_models_end_goes_before_the_length_and_a_stop_token_is_named():
    assert run(step("<end>", ends=True), max_new_tokens=1) == [("", FinishReason.STOP, None)]
    assert run(step("x", token_id=7), stop_token_ids=(7,)) == [("", FinishReason.STOP, 7)]
