"""A running service's answer on the terminal, over its own HTTP API: stages, tokens as they come, sources."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import httpx

from cli.errors import CliError
from cli.progress import Progress
from cli.shown_sources import show_sources

_TIMEOUT_S = 120.0


def print_service_answer(url: str, question: str, *, progress: Progress) -> None:
    """Ask the service and print what it streams.

    Args:
        url: of the service; one that asks for no key.
        question: what is asked.
        progress: where all but the answer's own words go.

    Raises:
        CliError: the service refused, or its answer broke off; what had come is printed by then.
    """
    sources: list[dict[str, Any]] = []
    with (
        httpx.Client(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client,
        client.stream("POST", "/rag/stream", json={"query": question}) as response,
    ):
        if response.status_code != httpx.codes.OK:
            problem = json.loads(response.read())
            raise CliError(f"The service answered {response.status_code}: {problem['detail']}")
        for event, data in _read_events(response):
            if event == "stage":
                progress.say(f"  … {data['stage']}")
            elif event == "sources":
                sources = data["sources"]
            elif event == "token":
                sys.stdout.write(data["text"])
                sys.stdout.flush()
            elif event == "error":
                raise CliError(f"The answer broke off: {data['detail']}")
            elif event == "done":
                sys.stdout.write("\n")
                sys.stdout.flush()
                show_sources({**data, "sources": sources}, progress)


def _read_events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    event = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))
