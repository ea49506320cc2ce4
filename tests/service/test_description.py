"""The OpenAPI description, held against the running service by schemathesis: no 5xx, nothing that is not described."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.api_keys import Scope, make_key

_HOOKS = """
import schemathesis

@schemathesis.serializer("application/x-ndjson", "application/jsonl", "application/jsonlines")
def lines(ctx, value):
    return {"data": value.encode("utf-8", errors="replace") if isinstance(value, str) else str(value).encode()}
"""
# A request can be valid by its schema and not by its meaning (a chat that ends with the assistant), and one that is too
# large is refused before its fields are looked at.
_EXCLUDED = "positive_data_acceptance,negative_data_rejection"


@pytest.fixture
def described(serve, endpoint, documents):
    key, stored = make_key("all", scopes=[Scope.ASK, Scope.WRITE])
    with (
        serve(api_keys=f'{{"keys": [{stored.model_dump_json()}]}}', max_waiting_jobs=10_000) as service,
        service.client(headers={"Authorization": f"Bearer {key}"}) as client,
    ):
        client.post("/documents", params={"wait_s": 30}, files=documents).raise_for_status()
        yield service, key, client


def test_schemathesis_finds_nothing(described, tmp_path: Path):
    service, key, client = described
    hooks = tmp_path / "hooks.py"
    hooks.write_text(_HOOKS)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {key}", "--exclude-checks", _EXCLUDED),
            *("--phases", "coverage,fuzzing", "--max-examples", "3", "--seed", "20261121", "--no-color"),
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(hooks)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:]
    assert client.get("/healthz").status_code == 200


def test_every_answer_of_every_route_is_described(client):
    described = client.get("/openapi.json").json()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            assert {"200", "500"} <= set(answers), path
            for status, answer in answers.items():
                assert answer["description"], (path, status)
                if status >= "400" and path != "/readyz":
                    kind = "application/json" if path.startswith("/v1/") else "application/problem+json"
                    assert set(answer["content"]) == {kind}, (path, status)


def test_every_reference_in_the_description_leads_somewhere(client):
    described = client.get("/openapi.json").json()
    text = json.dumps(described)
    for name in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert name in described["components"]["schemas"]
    assert "HTTPValidationError" not in text


def test_a_wrong_method_names_the_right_ones(client):
    response = client.put("/documents")
    assert (response.status_code, response.headers["allow"]) == (405, "DELETE, GET, POST")
    assert response.json()["type"] == "urn:llm-twin:problem:method-not-allowed"
    assert client.get("/nowhere").json()["type"] == "urn:llm-twin:problem:not-found"
