"""Where an answer comes from, on the terminal: the passages by number, the notes, how long each stage took.

It reads the JSON that the service's API gives, whether a running service sent it or this process made it.
"""

from collections.abc import Mapping
from typing import Any

from cli.progress import Progress


def show_sources(answer: Mapping[str, Any], progress: Progress) -> None:
    """Say what an answer of `POST /rag` was made from."""
    for source in answer["sources"]:
        mark = "*" if source["number"] in answer["cited"] else " "
        progress.say(f"{mark}[{source['number']}] {name_of(source)}")
    for note in answer["notes"]:
        progress.say(f"note: {note}")
    spent = ", ".join(f"{stage} {spent_ms / 1000:.2f} s" for stage, spent_ms in answer["timings_ms"].items())
    progress.say(f"{answer['finish_reason']} · {spent}")


def name_of(passage: Mapping[str, Any]) -> str:
    """A passage's document and place in it, as a person is told it."""
    heading = f" · {passage['heading']}" if passage["heading"] else ""
    place = f"{passage['position'] + 1} of {passage['passages']}"
    return f"{passage['document']} ({place}){heading} · similarity {passage['similarity']:.2f}"
