"""Who generates now and who waits: a batch, bounded in requests and in tokens.

First come, first served. What a request may need at most is set aside before it starts, so that the KV cache cannot run
out in the middle of an answer.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What there is to do at a moment.

    Attributes:
        running: requests that generate.
        waiting: requests that do not yet.
        reserved_tokens: what the running ones may come to, prompts included.
    """

    running: int
    waiting: int
    reserved_tokens: int


class Scheduler:
    """Admits requests to the running batch."""

    def __init__(self, *, max_batch_size: int, max_batch_total_tokens: int, report: Callable[[Batch], None]) -> None:
        """Start with an empty batch.

        Args:
            max_batch_size: how many requests generate at once.
            max_batch_total_tokens: how many tokens, of prompts and answers, they may have together.
            report: called with every change.
        """
        self._free_places = max_batch_size
        self._free_tokens = max_batch_total_tokens
        self._max_batch_size = max_batch_size
        self._max_batch_total_tokens = max_batch_total_tokens
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._report = report

    @asynccontextmanager
    async def admit(self, tokens: int) -> AsyncIterator[None]:
        """Wait for a place in the batch and hold it.

        Args:
            tokens: of prompt and answer together, at most.
        """
        needed = min(tokens, self._max_batch_total_tokens)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((needed, turn))
        self._advance()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release(needed)
            else:
                turn.cancel()
                self._advance()
            raise
        try:
            yield
        finally:
            self._release(needed)

    def _release(self, tokens: int) -> None:
        self._free_places += 1
        self._free_tokens += tokens
        self._advance()

    def _advance(self) -> None:
        """Let in as many as fit, in their order."""
        while self._queue:
            needed, turn = self._queue[0]
            if not turn.cancelled():
                if self._free_places == 0 or needed > self._free_tokens:
                    break
                self._free_places -= 1
                self._free_tokens -= needed
                turn.set_result(None)
            self._queue.popleft()
        self._report(
            Batch(
                running=self._max_batch_size - self._free_places,
                waiting=len(self._queue),
                reserved_tokens=self._max_batch_total_tokens - self._free_tokens,
            )
        )
