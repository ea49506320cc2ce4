"""The parts around llama.cpp, without a model."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.llama.client import LlamaClient
from local.llama.errors import AnswerError, StartupError
from local.llama.gguf import read_metadata
from local.llama.scheduler import Batch, Scheduler
from local.llama.step_decoder import StepDecoder
from local.llama.tokens import Step
from local.llama.vocabulary import Vocabulary


def result(count: int, content: str, token_id: int, **more: Any) -> dict[str, Any]:
    return {"stop": False, "tokens_predicted": count, "content": content, "tokens": [token_id], **more}


def end(count: int, stop_type: str) -> dict[str, Any]:
    return {"stop": True, "tokens_predicted": count, "content": "", "tokens": [], "stop_type": stop_type}


def decode(vocabulary: Vocabulary, *results: dict[str, Any], top_n_tokens: int = 0) -> Iterator[Step]:
    decoder = StepDecoder(vocabulary=vocabulary, top_n_tokens=top_n_tokens)
    return (step for each in results for step in decoder.decode(each))


def test_tokens_within_a_character_are_put_back_before_the_one_that_ends_it(vocabulary: Vocabulary):
    steps = list(decode(vocabulary, result(1, "Hi", 26843), result(4, "🌟", 249), end(4, "limit")))
    assert [(step.token.id, step.token.text) for step in steps] == [
        (26843, "Hi"),
        (10813, ""),
        (230, ""),
        (249, "🌟"),
    ]


def test_a_control_token_gets_its_name_and_ends_the_answer_if_llama_says_so(vocabulary: Vocabulary):
    (ended,) = decode(vocabulary, result(1, "", 2), end(1, "eos"))
    assert (ended.token.text, ended.token.special, ended.ends) == ("<|im_end|>", True, True)
    going_on = list(decode(vocabulary, result(1, "", 1), result(2, "Hi", 26843), end(2, "limit")))
    assert [(step.token.text, step.ends) for step in going_on] == [("<|im_start|>", False), ("Hi", False)]


def test_an_end_within_a_character_is_an_end(vocabulary: Vocabulary):
    (ended,) = decode(vocabulary, end(2, "eos"))
    assert (ended.token.id, ended.token.special, ended.ends) == (2, True, True)


def test_probabilities_are_read_in_both_of_llamas_forms(vocabulary: Vocabulary):
    raw = {"logprob": -1.5, "top_logprobs": [{"id": 32, "logprob": -1.5}, {"id": 33, "logprob": -2.0}]}
    sampled = {"prob": 0.5, "top_probs": [{"id": 32, "prob": 0.5}, {"id": 33, "prob": 0.0}]}
    (first, second) = decode(
        vocabulary,
        result(1, "0", 32, completion_probabilities=[raw]),
        result(2, "0", 32, completion_probabilities=[sampled]),
        top_n_tokens=2,
    )
    assert [(token.text, token.logprob) for token in first.top_tokens] == [("0", -1.5), ("1", -2.0)]
    assert second.token.logprob == pytest.approx(-0.6931, abs=1e-4)
    assert second.top_tokens[1].logprob is None


def test_a_vocabulary_knows_bytes_words_and_control_tokens(vocabulary: Vocabulary):
    assert vocabulary.data(10813) == "🌟".encode()[:2]
    assert vocabulary.text(2) == "<|im_end|>"
    assert vocabulary.is_special(2)
    assert vocabulary.control_id == 1
    words = Vocabulary(model="llama", entries=[b"<s>", b"<0x0A>", "\u2581Hi".encode()], kinds=[3, 6, 1], eos_id=0)
    assert [words.data(token_id) for token_id in range(3)] == [b"<s>", b"\n", b" Hi"]


@pytest.mark.parametrize("character", ["é", "漢", "🌟"])
def test_a_character_of_several_tokens_is_split_into_them(vocabulary: Vocabulary, character: str):
    data = character.encode()
    singles = {vocabulary.data(i): i for i in range(len(vocabulary.entries)) if len(vocabulary.data(i)) == 1}
    ids = tuple(singles[data[at : at + 1]] for at in range(len(data)))
    assert vocabulary.split(data, count=len(ids), last_id=ids[-1]) == ids


def test_what_cannot_be_split_keeps_its_last_token(vocabulary: Vocabulary):
    assert vocabulary.split("🌟".encode(), count=3, last_id=32) == (32,)
    assert vocabulary.split("🌟".encode(), count=9, last_id=249) == (249,)


def test_a_batch_admits_in_order_and_within_its_tokens():
    async def scenario() -> None:
        reports: list[Batch] = []
        scheduler = Scheduler(max_batch_size=2, max_batch_total_tokens=10, report=reports.append)
        entered: list[str] = []
        leave = {name: asyncio.Event() for name in "abcd"}

        async def work(name: str, tokens: int) -> None:
            async with scheduler.admit(tokens):
                entered.append(name)
                await leave[name].wait()

        tasks = {}
        for name, tokens in (("a", 6), ("b", 6), ("c", 2), ("d", 99)):
            tasks[name] = asyncio.create_task(work(name, tokens))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert entered == ["a"], "b does not fit beside a, and c does not overtake b"
        assert reports[-1] == Batch(running=1, waiting=3, reserved_tokens=6)
        tasks["b"].cancel()
        await asyncio.sleep(0.01)
        assert entered == ["a", "c"], "who leaves the queue makes room in it"
        leave["a"].set()
        leave["c"].set()
        await asyncio.sleep(0.01)
        assert entered == ["a", "c", "d"], "more than the batch can ever hold is taken alone"
        leave["d"].set()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert reports[-1] == Batch(running=0, waiting=0, reserved_tokens=0)

    asyncio.run(scenario())


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x09\0\0\0", b"GGUF\x03\0\0\0" + b"\xff" * 40])
def test_a_broken_model_file_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(StartupError, match=r"broken\.gguf"):
        read_metadata(path)


def test_a_silent_llama_is_an_error(tmp_path: Path):
    with pytest.raises(AnswerError, match=r"llama\.cpp answered 503: it does not listen"):
        asyncio.run(LlamaClient(tmp_path / "none.sock").call("GET", "/health"))
