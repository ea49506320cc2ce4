"""Callers that stream from an endpoint one answer after the other, and see every one that is not whole."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from inference_client import EndpointAddress

_BODY = json.dumps({"messages": [{"role": "user", "content": "Count."}], "max_tokens": 6, "stream": True})
_DEADLINE_S = 60.0
# A caller asks so often, unless the answer takes longer: without a pause two would leave a small machine no room for
# what is to be seen. In tests/local/aws/runtime/test_rolling_update.py nobody pauses, and the container is cheap.
_EVERY_S = 1.5


@dataclass(frozen=True)
class Answer:
    """A whole answer: when it was asked for (monotonic clock), by whom it was given, and how long it took."""

    asked_at: float
    model: str
    took_s: float


class Streams:
    """Threads that ask at a constant rate as long as the block runs. The SDK repeats nothing for them.

    With ``look_again``, a caller that is refused looks the names up and asks once more, as one does whose endpoint was
    replaced.

    Attributes:
        answers: the whole ones.
        failures: what became of the others.
        refused: how often a caller was refused and looked the names up.
    """

    def __init__(self, find: Callable[[], EndpointAddress], *, callers: int = 2, look_again: bool = False) -> None:
        self.answers: list[Answer] = []
        self.failures: list[str] = []
        self.refused = 0
        self._find = find
        self._look_again = look_again
        self._over = threading.Event()
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=callers)
        self._runtime = boto3.client("sagemaker-runtime", config=config)
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def __enter__(self) -> "Streams":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._runtime.close()

    def models(self, *, since: float = 0.0) -> set[str]:
        """Who has given the answers that were asked for since."""
        return {answer.model for answer in self.answers if answer.asked_at >= since}

    def wait_for(self, model: str, *, since: float = 0.0) -> None:
        """Wait until there is an answer of a model that was asked for since."""
        deadline = time.monotonic() + _DEADLINE_S
        while model not in self.models(since=since):
            assert time.monotonic() < deadline, f"no answer of {model}; failures: {self.failures}"
            time.sleep(0.05)

    def _call(self) -> None:
        address = self._find()
        while not self._over.is_set():
            asked_at = time.monotonic()
            try:
                try:
                    model = self._ask(address)
                except ClientError as refusal:
                    # A stream that breaks off is one too, and no refusal.
                    if isinstance(refusal, EventStreamError) or not self._look_again:
                        raise
                    self.refused += 1
                    address = self._find()
                    model = self._ask(address)
                self.answers.append(Answer(asked_at, model, time.monotonic() - asked_at))
            except Exception as error:
                self.failures.append(repr(error))
            self._over.wait(max(0.0, asked_at + _EVERY_S - time.monotonic()))

    def _ask(self, address: EndpointAddress) -> str:
        """Read a whole stream and say which model's it was."""
        answer = self._runtime.invoke_endpoint_with_response_stream(
            EndpointName=address.endpoint_name,
            InferenceComponentName=address.inference_component_name or "",
            ContentType="application/json",
            Body=_BODY,
        )
        lines = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"]).decode().splitlines()
        *chunks, done = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
        assert done == "[DONE]", lines
        last = json.loads(chunks[-1])
        assert last["choices"][0]["finish_reason"] in {"length", "stop"}, last
        (model,) = {json.loads(chunk)["model"] for chunk in chunks}
        return str(model)
