"""`twin ingest` and `twin search`: no AWS, no LLM."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("writing")
    (made / "posts").mkdir()
    (made / "posts/scaling.md").write_text("# Scaling\n\nThe twin sleeps at zero copies when nobody asks it anything.")
    (made / "posts/bread.md").write_text("# Bread\n\nA sourdough rests overnight before it is baked in the morning.")
    return made


@pytest.fixture(scope="module")
def first(folder: Path) -> "subprocess.CompletedProcess[str]":
    """The one run as a person's: a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TWIN_"))}
    return subprocess.run(
        [sys.executable, "-m", "cli", "ingest", "posts", "--author", "Ada", "--category", "post", "--json"],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "TWIN_SERVICE_STORE": str(folder / "store")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def run(folder: Path, twin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command in a folder, that of the first ingest where none is given."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TWIN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TWIN_SERVICE_STORE", str(folder / "store"))

    def in_folder(*arguments: str, cwd: Path = folder) -> Any:
        monkeypatch.chdir(cwd)
        return twin(*arguments)

    return in_folder


def test_an_ingest_says_what_became_of_each_document(first: "subprocess.CompletedProcess[str]") -> None:
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert {one["source"]: one["outcome"] for one in report["documents"]} == {
        "posts/bread.md": "added",
        "posts/scaling.md": "added",
    }
    assert report["passages_embedded"] == 2
    assert first.stderr == ""


def test_a_second_ingest_embeds_nothing(run: Callable[..., Any], first: object) -> None:
    again = run("ingest", "posts", "--author", "Ada", "--category", "post")

    assert again.code == 0
    assert "2 unchanged · 0 passages embedded" in again.err


def test_a_search_finds_by_meaning_and_filters(run: Callable[..., Any], first: object) -> None:
    found = run("search", "-k", "1", "scale down when unused", "--json")
    shown = run("search", "--category", "post", "bread")

    (passage,) = json.loads(found.out)["passages"]
    assert (passage["document"], passage["author"], passage["category"]) == ("posts/scaling.md", "Ada", "post")
    assert shown.out.startswith("1. posts/bread.md (1 of 1) · ")


def test_a_command_leaves_the_log_of_its_process_as_it_was(run: Callable[..., Any], first: object) -> None:
    before = structlog.get_config()

    found = run("search", "bread")
    failed = run("search", "   ")

    assert (found.code, failed.code) == (0, 1)
    assert structlog.get_config() == before


def test_what_cannot_be_read_is_named_and_the_rest_is_taken_in(
    run: Callable[..., Any], first: object, tmp_path: Path
) -> None:
    (tmp_path / "image.md").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "fine.md").write_text("Words that are fine.")

    done = run("ingest", ".", cwd=tmp_path)

    assert done.code == 1
    assert "rejected: image.md" in done.err
    assert "1 of 2 documents could not be taken in; the others are in." in done.err
    assert "Traceback" not in done.err
    again = run("ingest", ".", "--json", cwd=tmp_path)
    assert again.code == 1
    assert [one["outcome"] for one in json.loads(again.out)["documents"]] == ["unchanged", "rejected"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["ingest", "not-there"], 1, "'not-there' does not exist"),
        (["ingest", "posts", "--date", "yesterday"], 1, "'yesterday'"),
        (["search", "   "], 1, "question is empty"),
        (["search", "-k", "0", "x"], 2, "-k"),
        (["ingest"], 2, "Missing argument"),
    ],
)
def test_a_mistake_gets_one_clear_error(
    run: Callable[..., Any], first: object, arguments: list[str], exit_code: int, says: str
) -> None:
    done = run(*arguments)

    assert done.code == exit_code
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_variable_that_sets_nothing_is_refused(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_SERVICE_PASSAGE", "3")

    done = run("search", "bread")

    assert done.code == 2
    assert "no setting TWIN_SERVICE_PASSAGE;" in done.err
