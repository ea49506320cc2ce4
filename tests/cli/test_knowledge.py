"""`twin ingest` and `twin search`, as a person runs them: no AWS, no LLM."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def twin(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TWIN_"))}
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(CHECKOUT), "TWIN_SERVICE_STORE": str(folder / "store"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("writing")
    (made / "posts").mkdir()
    (made / "posts/scaling.md").write_text("# Scaling\n\nThe twin sleeps at zero copies when nobody asks it anything.")
    (made / "posts/bread.md").write_text("# Bread\n\nA sourdough rests overnight before it is baked in the morning.")
    return made


@pytest.fixture(scope="module")
def first(folder: Path) -> "subprocess.CompletedProcess[str]":
    return twin(folder, "ingest", "posts", "--author", "Ada", "--category", "post", "--json")


def test_an_ingest_says_what_became_of_each_document(first: "subprocess.CompletedProcess[str]") -> None:
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert {one["source"]: one["outcome"] for one in report["documents"]} == {
        "posts/bread.md": "added",
        "posts/scaling.md": "added",
    }
    assert report["passages_embedded"] == 2
    assert first.stderr == ""


def test_a_second_ingest_embeds_nothing(folder: Path, first: object) -> None:
    again = twin(folder, "ingest", "posts", "--author", "Ada", "--category", "post")

    assert again.returncode == 0
    assert "2 unchanged · 0 passages embedded" in again.stderr


def test_a_search_finds_by_meaning_and_filters(folder: Path, first: object) -> None:
    found = twin(folder, "search", "-k", "1", "scale down when unused", "--json")
    shown = twin(folder, "search", "--category", "post", "bread")

    (passage,) = json.loads(found.stdout)["passages"]
    assert (passage["document"], passage["author"], passage["category"]) == ("posts/scaling.md", "Ada", "post")
    assert shown.stdout.startswith("1. posts/bread.md (1 of 1) · ")


def test_what_cannot_be_read_is_named_and_the_rest_is_taken_in(folder: Path, first: object, tmp_path: Path) -> None:
    (tmp_path / "image.md").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "fine.md").write_text("Words that are fine.")

    done = twin(tmp_path, "ingest", ".")

    assert done.returncode == 1
    assert "rejected: image.md" in done.stderr
    assert "1 of 2 documents could not be taken in; the others are in." in done.stderr
    assert "Traceback" not in done.stderr


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
    folder: Path, first: object, arguments: list[str], exit_code: int, says: str
) -> None:
    done = twin(folder, *arguments)

    assert done.returncode == exit_code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_variable_that_sets_nothing_is_refused(folder: Path) -> None:
    done = twin(folder, "search", "bread", TWIN_SERVICE_PASSAGE="3")

    assert done.returncode == 2
    assert "no setting TWIN_SERVICE_PASSAGE;" in done.stderr
