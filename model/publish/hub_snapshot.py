"""A model on the hub at one commit: its files with their checksums, and their download, by huggingface_hub.

The download goes into the hub's own cache (HF_HOME says where), which any other program shares. A connection that
breaks is taken up where it broke; a killed download keeps the files that were whole. The token is the caller's, or the
hub's own login; it is kept nowhere here.
"""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache

from model.errors import HubError
from model.publish.hub_failures import translated
from model.publish.snapshot import read_index
from model.weight_files import CONFIG, INDEX, choose

_FILES_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file as the hub describes it.

    Attributes:
        size_bytes: its size.
        sha256: of its content, where the hub keeps it as a large file; otherwise None.
        git_sha1: git's name of its content, where the hub keeps it in git; otherwise None.
    """

    size_bytes: int
    sha256: str | None
    git_sha1: str | None


@dataclass(frozen=True, kw_only=True)
class HubSnapshot:
    """What is published of a model at one commit.

    Attributes:
        model_id: the hub's id.
        revision: the full commit hash.
        files: by name.
    """

    model_id: str
    revision: str
    files: Mapping[str, HubFile]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files.values())


class Hub:
    """The hub.

    Args:
        endpoint: its address; None takes the usual one, or HF_ENDPOINT.
        token: what it is shown; None takes its own login: HF_TOKEN, or what `hf auth login` stored.
        cache_dir: where downloads are kept; None takes the hub's own cache.
    """

    def __init__(self, *, endpoint: str | None = None, token: str | None = None, cache_dir: Path | None = None) -> None:
        self._api = HfApi(endpoint=endpoint, token=token, library_name="llm-twin")
        self._cache_dir = cache_dir or Path(constants.HF_HUB_CACHE)

    def describe(self, model_id: str, *, revision: str | None) -> HubSnapshot:
        """Return what is published of a model.

        Args:
            model_id: the hub's id.
            revision: a commit, a branch or a tag; None takes the main branch. The result has the commit.

        Raises:
            HubError: no such model or revision, no access, or no network.
            IncompleteModelError: the hub does not have the whole of it.
        """
        with translated(model_id, revision):
            about = self._api.model_info(model_id, revision=revision, files_metadata=True)
        if about.sha is None:
            raise HubError(f"the hub names no commit of {model_id!r}.", remedy="Give --revision.", retryable=False)
        described = {
            one.rfilename: HubFile(
                size_bytes=one.size or 0,
                sha256=one.lfs.sha256 if one.lfs else None,
                git_sha1=None if one.lfs else one.blob_id,
            )
            for one in about.siblings or ()
        }
        index = self._fetch(model_id, about.sha, INDEX, lambda _: None) if INDEX in described else None
        names = choose(described, shards=read_index(index) if index else None)
        files = MappingProxyType({name: described[name] for name in names})
        return HubSnapshot(model_id=model_id, revision=about.sha, files=files)

    def download(self, snapshot: HubSnapshot, *, done: Callable[[int], None]) -> Mapping[str, Path]:
        """Bring the files of a snapshot to this machine; what the cache has already is not fetched again.

        Args:
            snapshot: what to fetch.
            done: told how many bytes came since the last call, those of the cache included; from several threads.

        Returns:
            Where each file is, by name.

        Raises:
            HubError: the hub does not give it, or there is no room for it.
        """
        cached = {name for name in snapshot.files if self._is_cached(snapshot, name)}
        self._check_room(sum(file.size_bytes for name, file in snapshot.files.items() if name not in cached))

        def fetch(name: str) -> Path:
            came_bytes = 0

            def count(further_bytes: int) -> None:
                nonlocal came_bytes
                came_bytes += further_bytes
                done(further_bytes)

            path = self._fetch(snapshot.model_id, snapshot.revision, name, count)
            # Of a file that was there, under this name or another, nothing came.
            done(snapshot.files[name].size_bytes - came_bytes)
            return path

        # The smallest first: the configuration of a model shows at once that the download works.
        names = sorted(snapshot.files, key=lambda name: (name != CONFIG, snapshot.files[name].size_bytes))
        with ThreadPoolExecutor(max_workers=_FILES_AT_ONCE) as pool:
            try:
                return dict(zip(names, pool.map(fetch, names), strict=True))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _fetch(self, model_id: str, commit: str, name: str, done: Callable[[int], None]) -> Path:
        with translated(model_id, commit):
            return Path(
                hf_hub_download(
                    model_id,
                    name,
                    revision=commit,
                    cache_dir=self._cache_dir,
                    endpoint=self._api.endpoint,
                    token=self._api.token,
                    library_name="llm-twin",
                    tqdm_class=_counter(done),
                )
            )

    def _is_cached(self, snapshot: HubSnapshot, name: str) -> bool:
        found = try_to_load_from_cache(snapshot.model_id, name, self._cache_dir, snapshot.revision)
        return isinstance(found, str)

    def _check_room(self, needed_bytes: int) -> None:
        there = next(folder for folder in (self._cache_dir, *self._cache_dir.absolute().parents) if folder.exists())
        free_bytes = shutil.disk_usage(there).free
        if needed_bytes > free_bytes:
            raise HubError(
                f"{self._cache_dir} has {free_bytes / 1e9:,.1f} GB free and the download takes "
                f"{needed_bytes / 1e9:,.1f}.",
                remedy="Make room, or let HF_HOME name a larger disk.",
                retryable=True,
            )


def _counter(done: Callable[[int], None]) -> Any:
    """Return what huggingface_hub takes for a progress bar: it shows nothing and counts."""

    class Counter:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> "Counter":
            return self

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            pass

        def update(self, count: float | None = 1) -> None:
            done(int(count or 0))

    return Counter
