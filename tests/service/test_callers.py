"""Keys: who may do what, how they rotate, and who is let in without one."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from service.api_keys import KeyRing, Scope, make_key, read_keys
from service.errors import KeysError
from service.new_key import main as new_key

QUESTION = {"query": "How does the twin wake up from zero?"}


def document(*stored):
    return json.dumps({"keys": [json.loads(one.model_dump_json()) for one in stored]})


@pytest.fixture(scope="module")
def keys():
    now = datetime.now(UTC)
    return {
        "reader": make_key("reader", scopes=[Scope.ASK]),
        "writer": make_key("writer", scopes=[Scope.ASK, Scope.WRITE]),
        "ended": make_key("ended", scopes=[Scope.ASK], expires_at=now - timedelta(seconds=1)),
    }


@pytest.fixture(scope="module")
def locked(serve, knowledge, keys):
    with serve(store=knowledge, api_keys=document(*(stored for _, stored in keys.values()))) as service:
        yield service


@pytest.fixture
def client(locked, endpoint):
    with locked.client() as client:
        yield client


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


ROUTES = [
    ("POST", "/rag"),
    ("POST", "/rag/stream"),
    ("POST", "/search"),
    ("GET", "/documents"),
    ("POST", "/documents"),
    ("DELETE", "/documents?document=a"),
    ("GET", "/documents/jobs"),
    ("GET", "/documents/jobs/x"),
    ("GET", "/v1/models"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/metrics"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", ["", "wrong", "ended"])
def test_no_route_answers_without_a_key_that_counts(client, keys, method, path, key):
    presented = {"": {}, "wrong": bearer("twin_nobody"), "ended": bearer(keys["ended"][0])}[key]
    body = {"json": {**QUESTION, "model": "llm-twin", "messages": [{"role": "user", "content": "x"}]}}
    response = client.request(method, path, headers=presented, **(body if method == "POST" else {}))
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    told = response.json()
    assert told["error"]["code"] == "invalid_api_key" if path.startswith("/v1") else told["status"] == 401


def test_every_route_that_is_described_is_in_the_list_above_or_open(client):
    described = {
        (method.upper(), path)
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method in operations
    }
    locked = {(method, path.partition("?")[0].replace("/x", "/{job_id}")) for method, path in ROUTES}
    assert described - locked == {("GET", "/healthz"), ("GET", "/readyz")}


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/healthz", "/readyz", "/openapi.json"])
def test_the_page_and_health_need_no_key(client, path):
    assert client.get(path).status_code == 200


def test_either_header_will_do(client, keys):
    key = keys["reader"][0]
    assert client.post("/search", json=QUESTION, headers=bearer(key)).status_code == 200
    assert client.post("/search", json=QUESTION, headers={"X-API-Key": key}).status_code == 200


def test_a_readers_key_changes_no_document(client, keys):
    response = client.delete("/documents", params={"document": "docs/scaling.md"}, headers=bearer(keys["reader"][0]))
    assert response.status_code == 403
    assert "'write'" in response.json()["detail"]


def test_a_key_is_refused_before_the_upload_is_read(client, locked):
    response = client.post("/documents", files={"files": ("a.md", b"x" * 1000)}, headers=bearer("wrong"))
    assert response.status_code == 401
    assert list(locked.settings.spool_folder.iterdir()) == []


def test_a_rotated_file_counts_without_a_restart_and_a_slip_in_it_does_not(
    serve, knowledge, keys, tmp_path, eventually
):
    old, new = keys["reader"], keys["writer"]
    file = tmp_path / "keys.json"
    file.write_text(document(old[1]))
    with serve(store=knowledge, api_keys_file=file, api_keys_refresh_s=0.05) as service, service.client() as client:

        def passes(key):
            return client.get("/v1/models", headers=bearer(key)).status_code == 200

        assert passes(old[0])
        assert not passes(new[0])
        file.write_text(document(old[1], new[1]))
        eventually(lambda: passes(new[0]))
        assert passes(old[0])
        file.write_text('{"keys": [')
        file.touch()
        os.utime(file)
        file.write_text(document(new[1]))
        eventually(lambda: not passes(old[0]))
        file.write_text("{broken")
        time.sleep(0.2)
        assert passes(new[0])


def test_keys_come_from_secrets_manager_and_rotate_there(  # noqa: PLR0917 - fixtures
    serve, knowledge, keys, endpoint, say, eventually
):
    endpoint.secret = document(keys["reader"][1])
    with (
        serve(store=knowledge, api_keys_secret=say.SECRET, api_keys_refresh_s=0.1) as service,
        service.client() as client,
    ):
        assert client.get("/v1/models", headers=bearer(keys["reader"][0])).status_code == 200
        endpoint.secret = document(keys["writer"][1])
        eventually(lambda: client.get("/v1/models", headers=bearer(keys["writer"][0])).status_code == 200)
        assert client.get("/v1/models", headers=bearer(keys["reader"][0])).status_code == 401


def test_a_key_is_stored_as_its_hash_only(keys):
    key, stored = keys["reader"]
    assert key not in stored.model_dump_json()
    assert len(key) > 40
    assert make_key("reader", scopes=[Scope.ASK])[0] != key


def test_expiry_is_exact():
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    key, stored = make_key("a", scopes=[Scope.ASK], expires_at=ends)
    ring = KeyRing(keys=(stored,))
    assert ring.find(key, now=ends - timedelta(seconds=1)) == stored
    assert ring.find(key, now=ends) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Invalid JSON"),
        ("[]", "an object"),
        ('{"keys": []}', "at least 1"),
        ('{"keys": [{"name": "a", "sha256": "secret-in-the-wrong-place"}]}', "sha256"),
        ('{"keys": [{"name": "a b", "sha256": "' + "0" * 64 + '"}]}', "name"),
        ('{"keys": [{"name": "a", "sha256": "' + "0" * 64 + '", "scopes": ["all"]}]}', "scopes"),
        (json.dumps({"keys": 2 * [{"name": "a", "sha256": "0" * 64}]}), "more than once"),
    ],
)
def test_a_wrong_keys_document_is_refused_without_showing_it(text, told):
    with pytest.raises(KeysError, match=told) as raised:
        read_keys(text)
    assert "secret-in-the-wrong-place" not in str(raised.value)


def test_new_key_prints_the_key_once_and_what_to_store(capsys):
    assert new_key(["web", "--scope", "ask", "--scope", "write", "--days", "30"]) == 0
    printed = capsys.readouterr()
    key = printed.out.strip()
    stored = json.loads(printed.err.splitlines()[-1])
    ring = read_keys(json.dumps({"keys": [stored]}))
    assert ring.find(key).name == "web"
    assert ring.find(key).scopes == {Scope.ASK, Scope.WRITE}
    assert key not in printed.err


@pytest.mark.parametrize("arguments", [["a b"], ["a", "--days", "0"], ["a", "--scope", "all"], []])
def test_new_key_refuses_nonsense(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        new_key(arguments)
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:1"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "["}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_without_keys_other_sites_pages_are_kept_out(service, headers, status):
    with service.client() as client:
        response = client.post("/search", json=QUESTION, headers=headers)
    assert response.status_code == status


def test_without_keys_a_link_from_elsewhere_still_opens_the_page(service):
    with service.client() as client:
        response = client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert response.status_code == 200


def test_the_own_page_may_ask(service):
    with service.client() as client:
        assert client.post("/search", json=QUESTION, headers={"Origin": service.url}).status_code == 200
