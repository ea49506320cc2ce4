import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

SMALL = {"HF_MODEL_ID": "HuggingFaceTB/SmolLM2-135M-Instruct"}
LONG = {
    "inputs": "Say",
    "parameters": {"max_new_tokens": 2000, "grammar": {"type": "regex", "value": "[a-z ]{9000}"}},
}


@pytest.mark.parametrize(
    ("environment", "arguments", "reason"),
    [
        (
            {"HF_MODEL_ID": "acme/unknown-7b"},
            (),
            "RepositoryNotFoundError: 404 Client Error. Repository Not Found for ",
        ),
        ({}, ("--exit-with-stdin",), "HF_MODEL_ID must be set"),
        (
            {**SMALL, "MAX_TOTAL_TOKENS": "9000"},
            (),
            "MAX_TOTAL_TOKENS=9000 is beyond the window of HuggingFaceTB/SmolLM2",
        ),
        ({**SMALL, "LOCAL_TGI_MODEL_FILE": "/nowhere.gguf"}, (), "model file /nowhere.gguf does not exist"),
        (
            SMALL,
            ("--model-file", __file__),
            f"model file {__file__} is not a readable GGUF file: it does not begin with ",
        ),
    ],
)
def test_a_start_that_cannot_succeed_says_why_on_the_last_line(
    start_container: Callable[..., object], environment: dict[str, str], arguments: tuple[str, ...], reason: str
):
    container = start_container(environment, "--port", "0", *arguments)
    assert container.wait_until_ended(20) == 1
    assert container.lines[-1].startswith(f"Error: {reason}")
    assert not any("Traceback" in line for line in container.lines)


def test_a_taken_port_is_named(start_container: Callable[..., object]):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        container = start_container(SMALL, "--port", str(port))
        assert container.wait_until_ended(20) == 1
    expected = f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another with --port"
    assert container.lines == [expected]


def test_it_listens_only_when_the_model_answers(start_container: Callable[..., object], model_file: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    container = start_container(SMALL, "--port", str(port), "--model-file", str(model_file), "--exit-with-stdin")
    started_s = time.monotonic()
    while True:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/ping")
            break
        except httpx.ConnectError:
            assert time.monotonic() - started_s < 30
            time.sleep(0.02)
    assert answer.status_code == 200, "the first answer is already a good one"

    # The same copy ends with its parent: the end of stdin is all that a crash leaves.
    assert container.process.stdin is not None
    container.process.stdin.close()
    assert container.wait_until_ended(5) == 0


def test_sigterm_lets_a_stream_go_on_for_a_while_and_ends_within_five_seconds(
    start_container: Callable[..., object], tmp_path_factory: pytest.TempPathFactory
):
    tmp_path = tmp_path_factory.mktemp("sockets")
    container = start_container({**SMALL, "TMPDIR": str(tmp_path)}).wait_until_ready()
    assert [path.name for path in tmp_path.glob("*/*")] == ["llama.sock"]
    with httpx.stream("POST", f"{container.url}/generate_stream", json=LONG, timeout=30) as answer:
        events = answer.iter_lines()
        next(events)
        container.process.terminate()
        ended_s = time.monotonic()
        received = _count_until_cut(events)
        assert container.wait_until_ended(5) == 0
    assert time.monotonic() - ended_s < 5
    assert received > 5
    assert list(tmp_path.iterdir()) == []


def _count_until_cut(events: Iterator[str]) -> int:
    count = 0
    try:
        for _ in events:
            count += 1
    except httpx.RemoteProtocolError:
        return count
    raise AssertionError("the stream came to its end")
