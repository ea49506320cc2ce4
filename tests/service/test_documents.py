"""Documents in and out, in the background: honest status, limits, nothing lost."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.adapters.writer_lock import folder_lock
from rag.document import Metadata
from service.spool import JobKind, Order, Spool


@pytest.fixture
def fresh(serve, endpoint):
    with serve(max_upload_bytes=200_000, max_upload_files=20, max_waiting_jobs=2) as service:
        yield service


@pytest.fixture(scope="module")
def strict(serve):
    """One for all tests that nothing comes in at."""
    with serve(max_upload_bytes=200_000, max_upload_files=20) as service:
        yield service


@pytest.fixture
def client(fresh):
    with fresh.client() as client:
        yield client


def files(**texts):
    return [("files", (name.replace("_", "."), text.encode(), "text/markdown")) for name, text in texts.items()]


def upload(client, *, wait_s=30, data=None, **texts):
    return client.post("/documents", params={"wait_s": wait_s}, files=files(**texts), data=data)


def test_documents_are_taken_in_listed_searched_and_removed(client):
    job = upload(client, a_md="# Otters\n\nOtters hold hands.", data={"author": "Ada", "date": "2026-01-02"})
    assert job.status_code == 200
    assert (job.json()["state"], job.json()["counts"]) == ("done", {"added": 1})
    listed = client.get("/documents").json()
    assert (listed["total_documents"], listed["authors"]) == (1, ["Ada"])
    assert listed["documents"][0] | {"content_hash": "", "ingested_at": ""} == {
        "document": "a.md",
        "title": "Otters",
        "author": "Ada",
        "category": "article",
        "link": "",
        "date": "2026-01-02",
        "passages": 1,
        "content_hash": "",
        "ingested_at": "",
    }
    found = client.post("/search", json={"query": "What do otters hold?"}).json()["passages"][0]
    assert (found["document"], found["position"], found["passages"]) == ("a.md", 0, 1)
    assert found["similarity"] > 0.3
    removed = client.delete("/documents", params={"document": ["a.md", "never.md"], "wait_s": 30}).json()
    outcomes = {one["document"]: one["outcome"] for one in removed["outcomes"]}
    assert outcomes == {"a.md": "removed", "never.md": "rejected"}
    assert client.get("/documents").json()["total_documents"] == 0


def test_the_same_again_is_unchanged_and_a_changed_one_replaces(client):
    upload(client, a_md="Otters hold hands.", b_md="Bears sleep.")
    again = upload(client, a_md="Otters hold hands.", b_md="Bears sleep long.").json()
    assert again["counts"] == {"unchanged": 1, "replaced": 1}
    assert again["passages_embedded"] == 1


def test_json_lines_bring_their_own_metadata(client):
    lines = [
        {
            "id": "post-1",
            "text": "Otters hold hands.",
            "author": "Ada",
            "category": "post",
            "link": "https://a.example/1",
        },
        {"text": "Bears sleep."},
        {"id": "broken"},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    response = client.post(
        "/documents",
        params={"wait_s": 30},
        content=body,
        headers={"Content-Type": "application/x-ndjson"},
    )
    job = response.json()
    assert job["counts"] == {"added": 2, "rejected": 1}
    assert job["outcomes"][0]["outcome"] == "rejected"
    assert "no text" in job["outcomes"][0]["reason"]
    listed = client.get("/documents", params={"category": "post"}).json()["documents"]
    assert [one["document"] for one in listed] == ["post-1"]


def test_a_bad_document_is_rejected_with_its_reason_and_the_others_go_in(client):
    job = client.post(
        "/documents",
        params={"wait_s": 30},
        files=[
            ("files", ("good.md", b"Otters hold hands.")),
            ("files", ("empty.md", b"")),
            ("files", ("picture.bin", bytes(range(256)) * 20)),
            ("files", ("broken.pdf", b"%PDF-1.7 not really")),
        ],
    ).json()
    outcomes = {one["document"]: one for one in job["outcomes"]}
    assert outcomes["good.md"]["outcome"] == "added"
    assert outcomes["empty.md"]["outcome"] == "empty"
    for name in ("picture.bin", "broken.pdf"):
        assert outcomes[name]["outcome"] == "rejected"
        assert outcomes[name]["reason"]


def test_without_waiting_the_job_is_told_where_to_be_found(client, eventually):
    accepted = upload(client, wait_s=0, a_md="Otters hold hands.")
    assert accepted.status_code == 202
    job_url = accepted.headers["location"]
    assert client.get(job_url, params={"wait_s": 30}).json()["state"] == "done"
    assert client.get("/documents/jobs").json()["jobs"][0]["id"] == accepted.json()["id"]


def test_an_unknown_job_is_a_404(strict):
    with strict.client() as client:
        response = client.get("/documents/jobs/nobody")
    assert (response.status_code, response.json()["type"]) == (404, "urn:llm-twin:problem:unknown-job")


@pytest.mark.parametrize(
    ("request_of", "status", "told"),
    [
        (lambda c: c.post("/documents", files={"files": ("a.md", b"x" * 300_000)}), 413, "larger"),
        (
            lambda c: c.post("/documents", files=[("files", (f"{n}.md", b"x")) for n in range(21)]),
            400,
            "cannot be read",
        ),
        (lambda c: c.post("/documents", json={"text": "x"}), 415, "JSON Lines"),
        (lambda c: c.post("/documents", data={"author": "a"}, files={"other": ("a", b"b")}), 422, "other"),
        (lambda c: c.post("/documents", files={"files": ("a.md", b"x")}, data={"date": "soon"}), 422, "ISO 8601"),
        (lambda c: c.post("/documents", files={"files": ("a.md", b"x")}, data={"autor": "a"}), 422, "autor"),
        (lambda c: c.post("/documents", files={"files": (" ", b"x")}), 422, "no usable name"),
        (
            lambda c: c.post("/documents", content=b"--x", headers={"Content-Type": "multipart/form-data"}),
            400,
            "cannot be read",
        ),
        (lambda c: c.delete("/documents"), 422, "document"),
        (lambda c: c.get("/documents", params={"limit": 0}), 422, "limit"),
    ],
)
def test_what_is_not_allowed_is_refused_and_leaves_nothing(strict, request_of, status, told):
    with strict.client() as client:
        response = request_of(client)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert told in response.json()["detail"]
    assert list(strict.settings.spool_folder.iterdir()) == []


def test_a_large_upload_never_stops_the_questions(serve, endpoint, say):
    """While a document of some megabytes is embedded, health and search answer quickly."""
    text = "\n\n".join(f"Paragraph {n} tells of otters, bears and the sea in its own way." for n in range(3000))
    with serve() as service, service.client() as client:
        upload(client, a_md="Otters hold hands.")
        job = upload(client, wait_s=0, large_md=text).json()
        slowest_s = 0.0
        while client.get(f"/documents/jobs/{job['id']}").json()["state"] != "running":
            time.sleep(0.01)
        for _ in range(10):
            started_s = time.monotonic()
            assert client.get("/healthz").status_code == 200
            assert client.post("/search", json={"query": "What do otters hold?"}).status_code == 200
            slowest_s = max(slowest_s, time.monotonic() - started_s)
        running = client.get(f"/documents/jobs/{job['id']}").json()
        assert running["state"] == "running"
        assert slowest_s < 3


def test_more_than_may_wait_is_refused(client, fresh, eventually):
    with folder_lock(Path(fresh.settings.store)):
        jobs = [upload(client, wait_s=0, a_md=f"Otters {n}.") for n in range(2)]
        refused = upload(client, wait_s=0, a_md="One more.")
        assert [job.status_code for job in jobs] == [202, 202]
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        eventually(lambda: client.get(jobs[0].headers["location"]).json()["problem"] is not None)
        waiting = client.get(jobs[0].headers["location"]).json()
        assert waiting["state"] in ("waiting", "running")
        assert "Another writer" in waiting["problem"]["detail"]
    done = client.get(jobs[1].headers["location"], params={"wait_s": 30}).json()
    assert (done["state"], done["problem"]) == ("done", None)


def test_what_was_accepted_survives_a_restart(serve, tmp_path, endpoint):
    """A process that dies between the 202 and the ingest leaves the job to the next one."""
    spool = Spool(tmp_path / "spool", max_document_bytes=1000)
    spool.open()
    (spool.begin("job1") / "0").write_bytes(b"Otters hold hands.")
    order = Order(
        id="job1",
        kind=JobKind.INGEST,
        submitted_at=datetime.now(UTC),
        sources=("a.md",),
        defaults=Metadata(author="Ada"),
    )
    spool.commit(order)
    (spool.begin("half-written") / "0").write_bytes(b"Nobody was promised this.")
    with serve(spool_folder=tmp_path / "spool") as service, service.client() as client:
        job = client.get("/documents/jobs/job1", params={"wait_s": 30}).json()
        assert job["counts"] == {"added": 1}
        assert client.get("/documents").json()["authors"] == ["Ada"]
    assert list((tmp_path / "spool").iterdir()) == []


def test_an_uploader_who_leaves_in_the_middle_leaves_nothing(client, fresh, eventually):
    def half():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
        yield b"Otters"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        client.post("/documents", content=half(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    eventually(lambda: list(fresh.settings.spool_folder.iterdir()) == [])
    assert client.get("/documents/jobs").json()["jobs"] == []


def test_changes_happen_one_after_the_other(client):
    results = []

    def one(number):
        results.append(upload(client, a_md=f"Otters, {number}.").status_code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200, 200]
    assert client.get("/documents").json()["total_documents"] == 1
