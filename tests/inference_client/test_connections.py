"""Proxies, certificates and full pools: what lies between a client and the endpoint, on both clients alike."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import inference_client as ic
from inference_client.aio import AsyncEndpointClient

ADDRESS = ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm")
OPTIONS = ic.ClientOptions(max_attempts=1, connect_timeout_s=5)


def ask_blocking(session) -> ic.Generation:
    with ic.EndpointClient(ADDRESS, options=OPTIONS, session=session) as client, client.stream("Hallo") as stream:
        return stream.read()


def ask_asynchronously(session) -> ic.Generation:
    async def ask() -> ic.Generation:
        async with AsyncEndpointClient(ADDRESS, options=OPTIONS, session=session) as client:
            return await client.generate("Hallo")

    return asyncio.run(ask())


@pytest.fixture(params=[ask_blocking, ask_asynchronously], ids=["blocking", "asynchronous"])
def ask(request: pytest.FixtureRequest) -> Callable[..., ic.Generation]:
    return request.param


@pytest.fixture
def proxied(wire, say, monkeypatch: pytest.MonkeyPatch):
    """An endpoint that only a proxy knows: the wire."""
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", wire.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://twin.invalid")
    wire.on("stream", say.whole_stream())
    return wire


def test_a_proxy_of_the_environment_carries_the_request(proxied, session, ask):
    assert ask(session).text == "Grüße aus 東京"
    (request,) = proxied.requests
    assert request.path == "http://twin.invalid/endpoints/twin/invocations-response-stream"
    assert request.headers["host"] == "twin.invalid"


def test_what_the_environment_excepts_goes_to_no_proxy(proxied, session, ask, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "twin.invalid")
    with pytest.raises(ic.ConnectFailedError, match=r"twin\.invalid"):
        ask(session)
    assert proxied.requests == []


@pytest.fixture
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials for the wire's host that are none of AWS's."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_credentials_of_a_netrc_do_not_replace_the_signature(netrc, wire, say, session, ask):
    wire.on("stream", say.whole_stream())
    ask(session)
    assert wire.requests[0].headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server on 127.0.0.1, signed by itself; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin")])
    now = datetime.datetime.now(tz=datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(encoding))
    return file


@pytest.fixture
def tls_wire(make_wire, certificate: Path, aws_environment, say, monkeypatch) -> Iterator[object]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    wire = make_wire(context)
    monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
    wire.on("stream", say.whole_stream())
    yield wire
    wire.stop()


def test_the_bundle_of_the_environment_is_trusted(tls_wire, session, ask, monkeypatch, certificate: Path):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert ask(session).text == "Grüße aus 東京"


def test_an_unknown_certificate_is_refused_with_what_to_check(tls_wire, session, ask, monkeypatch):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with pytest.raises(ic.TransportError, match=r"certificate.*AWS_CA_BUNDLE"):
        ask(session)
    assert tls_wire.requests == []


def test_a_full_pool_says_what_to_do_and_takes_the_next_when_a_stream_is_closed(wire, say, session):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG), say.whole_stream())

    async def ask() -> str:
        options = ic.ClientOptions(max_attempts=1, connect_timeout_s=0.3, max_connections=1)
        async with AsyncEndpointClient(ADDRESS, options=options, session=session) as client:
            stream = await client.stream("first")
            with pytest.raises(ic.ConnectFailedError, match="max_connections"):
                await client.stream("second")
            await stream.aclose()
            return (await client.generate("third")).text

    assert asyncio.run(ask()) == "Grüße aus 東京"
