"""A test collection: documents, queries, and which documents answer which query."""

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FIELD = re.compile(r"\.([A-Z])\s*$")


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A test collection.

    Attributes:
        name: its folder's.
        documents: title and text by id.
        queries: text by id; only those that have an answer.
        relevant: ids of the documents that answer a query.
    """

    name: str
    documents: dict[str, tuple[str, str]]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def read_collection(folder: Path) -> Collection:
    """Read a collection in the form of SMART (CISI, Cranfield, Medline, ...) or of BEIR.

    Raises:
        ValueError: the folder holds neither.
    """
    if any(folder.glob("corpus.jsonl*")):
        documents = {d["_id"]: (d.get("title", ""), d["text"]) for d in _json_lines(_only(folder, "corpus.jsonl*"))}
        queries = {q["_id"]: q["text"] for q in _json_lines(_only(folder, "queries.jsonl*"))}
        relevant = _beir_judgements(_only(folder, "qrels/test.tsv*"))
    elif any(folder.glob("*.ALL*")):
        documents = {i: ("", text) for i, text in _smart(_only(folder, "*.ALL*"), fields="TW")}
        queries = dict(_smart(_only(folder, "*.QRY*"), fields="TW"))
        relevant = _smart_judgements(_only(folder, "*.REL*"))
    else:
        raise ValueError(f"{folder} holds no collection: neither *.ALL (SMART) nor corpus.jsonl (BEIR) is there")
    answered = {i: text for i, text in queries.items() if relevant.get(i)}
    return Collection(name=folder.name, documents=documents, queries=answered, relevant=relevant)


def _only(folder: Path, pattern: str) -> str:
    files = sorted(folder.glob(pattern))
    if not files:
        raise ValueError(f"{folder} has no {pattern}")
    data = files[0].read_bytes()
    return (gzip.decompress(data) if files[0].suffix == ".gz" else data).decode(errors="replace")


def _json_lines(text: str) -> Iterator[dict[str, str]]:
    return (json.loads(line) for line in text.splitlines() if line.strip())


def _smart(text: str, *, fields: str) -> Iterator[tuple[str, str]]:
    """Yield id and text of each record; lines before any field mark count as text."""
    for record in re.split(r"^\.I ", text, flags=re.MULTILINE)[1:]:
        number, _, body = record.partition("\n")
        lines, field = [], fields[0]
        for line in body.split("\n"):
            mark = _FIELD.match(line)
            if mark:
                field = mark[1]
            elif field in fields:
                lines.append(line)
        yield number.strip(), "\n".join(lines).strip()


def _smart_judgements(text: str) -> dict[str, set[str]]:
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in text.splitlines():
        parts = line.split()
        if len(parts) >= 2:
            # `query document ...`, or TREC's `query 0 document relevance`.
            relevant[parts[0]].add(parts[2] if len(parts) == 4 and parts[1] == "0" and parts[2] != "0" else parts[1])
    return relevant


def _beir_judgements(text: str) -> dict[str, set[str]]:
    relevant: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        if int(row["score"]) > 0:
            relevant[row["query-id"]].add(row["corpus-id"])
    return relevant
