import socket
import threading

import pytest

from model.errors import HubError
from model.hub import fetch_model

COMMIT = "c" * 40


def test_a_model_comes_with_the_commit_that_its_main_branch_stands_for(hub):
    hub.publish("me/mine", {"model_type": "llama"}, gated="manual")
    found = fetch_model("me/mine", hub_url=hub.url)
    assert (found.revision, found.gated, found.config) == (COMMIT, True, {"model_type": "llama"})


def test_a_branch_or_a_commit_can_be_named(hub):
    hub.publish("me/mine", {}, revision="v2")
    assert fetch_model("me/mine", revision="v2", hub_url=hub.url).revision == COMMIT


def test_a_token_goes_to_the_hub_and_not_to_where_it_redirects(hub):
    hub.publish("me/mine", {})
    hub.answers[f"/me/mine/raw/{COMMIT}/config.json"] = (302, {"to": f"{hub.url}/elsewhere"})
    hub.answers["/elsewhere"] = (200, {"model_type": "llama"})
    fetch_model("me/mine", token="hf_secret", hub_url=hub.url)  # noqa: S106 - of no account
    sent = dict(hub.requests)
    assert sent["/api/models/me/mine"] == "Bearer hf_secret"
    assert sent["/elsewhere"] is None


@pytest.mark.parametrize(
    ("status", "message", "retryable"),
    [
        (401, r"does not give 'me/mine' to everybody \(401 .*accept its terms.*--gated", False),
        (403, r"does not give 'me/mine' to everybody", False),
        (404, r"the hub has no such thing: .*Check the id and the revision", False),
        (503, r"the hub answered 503 .*Try again later", True),
    ],
)
def test_a_refusal_says_what_to_do(hub, status, message, retryable):
    hub.answers["/api/models/me/mine"] = (status, {})
    with pytest.raises(HubError, match=message) as caught:
        fetch_model("me/mine", hub_url=hub.url)
    assert caught.value.retryable is retryable


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_what_is_no_hub_is_refused(hub, body):
    hub.answers["/api/models/me/mine"] = (200, body)
    with pytest.raises(HubError):
        fetch_model("me/mine", hub_url=hub.url)


def test_without_a_network_the_way_out_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(HubError, match=r"was not reached: .*give --config FILE --revision COMMIT") as caught:
        fetch_model("me/mine", hub_url=f"http://127.0.0.1:{port}", timeout_s=2)
    assert caught.value.retryable


@pytest.mark.parametrize("token", ["hf_secret\n", " hf_secret", "hf_secret\r\n"])
def test_a_token_may_come_with_the_white_space_of_the_file_it_was_in(hub, token):
    hub.publish("me/mine", {})
    fetch_model("me/mine", token=token, hub_url=hub.url)
    assert {sent for _, sent in hub.requests} == {"Bearer hf_secret"}


@pytest.mark.parametrize("token", ["hf_one\nhf_two", "hf_sécret", "hf_sec ret", "\u201chf_secret\u201d"])
def test_what_is_no_token_is_refused_without_being_shown(hub, token):
    hub.publish("me/mine", {})
    with pytest.raises(HubError, match=r"token holds a character that none has\. Set HF_TOKEN") as caught:
        fetch_model("me/mine", token=token, hub_url=hub.url)
    assert "hf_" not in str(caught.value)
    assert not caught.value.retryable
    assert hub.requests == []


def test_a_private_model_asks_for_a_token_like_a_gated_one(hub):
    hub.publish("me/mine", {}, private=True)
    assert fetch_model("me/mine", hub_url=hub.url).gated


def test_an_answer_that_is_not_http_is_a_hub_that_was_not_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(HubError, match="was not reached"):
            fetch_model("me/mine", hub_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()


def test_an_answer_of_nothing_but_brackets_is_refused(hub):
    hub.answers["/api/models/me/mine"] = (200, b"[" * 100_000)
    with pytest.raises(HubError):
        fetch_model("me/mine", hub_url=hub.url)
