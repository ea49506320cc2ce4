"""The files that are to be published: whole, chosen and named, wherever they come from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from model.errors import IncompleteModelError
from model.publish.digest import Digest
from model.safetensors import check_whole
from model.weight_files import CONFIG, INDEX, choose, find_weights, read_shards


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A model's files on this machine.

    Attributes:
        model_id: the id that it is served under.
        revision: 40 hexadecimal digits: the hub's commit, or for a folder what its content comes to.
        files: where each file is, by the name that it is published under.
    """

    model_id: str
    revision: str
    files: Mapping[str, Path]


def choose_files(files: Mapping[str, Path]) -> Mapping[str, Path]:
    """Return those of the files that are published, and check that they are a whole model.

    Raises:
        IncompleteModelError: a file is missing, cut short or not of its form.
    """
    shards = read_index(files[INDEX]) if INDEX in files else None
    chosen = {name: files[name] for name in choose(files, shards=shards)}
    _read_json(CONFIG, chosen[CONFIG])
    for name in sorted(find_weights(chosen, shards=shards)):
        check_whole(chosen[name], name=name)
    return MappingProxyType(chosen)


def read_index(file: Path) -> frozenset[str]:
    """Return the names of the files that an index names.

    Raises:
        IncompleteModelError: it is not of its form.
    """
    return read_shards(_read_json(INDEX, file))


def revision_of(digests: Mapping[str, Digest]) -> str:
    """Return a revision for files that have no commit: it follows from names and content alone."""
    lines = "".join(f"{digests[name].sha256}  {name}\n" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()[:40]


def _read_json(name: str, file: Path) -> object:
    try:
        content: object = json.loads(file.read_bytes())
    except ValueError as error:
        raise IncompleteModelError(f"{name} is not JSON: {error}.", remedy="Download or save it anew.") from error
    if not isinstance(content, dict):
        raise IncompleteModelError(f"{name} holds no JSON object.", remedy="Download or save it anew.")
    return content
