import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import dispatch
from local.aws.errors import MotoVersionError, StartError
from local.aws.process import LocalAws


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def test_it_says_that_it_is_well_and_where_it_listens(local_aws: LocalAws) -> None:
    assert get(f"{local_aws.endpoint_url}/_local/health") == {"status": "ok", "port": local_aws.port}


def test_it_lists_no_copies_where_nothing_is_deployed(local_aws: LocalAws) -> None:
    assert get(f"{local_aws.endpoint_url}/_local/copies") == {"copies": []}


def test_it_listens_on_this_machine_only(local_aws: LocalAws) -> None:
    addresses = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert f"0100007F:{local_aws.port:04X}" in addresses
    assert f"00000000:{local_aws.port:04X}" not in addresses


def test_a_taken_port_is_one_clear_error(local_aws: LocalAws, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.aws", "--port", str(local_aws.port), "--state-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    taken = f"cannot listen on 127.0.0.1:{local_aws.port}: Address already in use"
    assert done.stderr == f"error: {taken}; stop what holds the port or choose another with --port\n"


@pytest.mark.parametrize("port", ["65536", "-1"])
def test_a_port_that_is_none_is_one_clear_error(port: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.aws", "--port", port, "--state-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert port in done.stderr


def test_starting_on_a_taken_port_raises_what_the_process_said(local_aws: LocalAws, tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"ended with exit code 1: error: cannot listen on 127\.0\.0\.1"):
        LocalAws.start(state_dir=tmp_path, port=local_aws.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_soon(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.aws", "--port", "0", "--state-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    ready = process.stdout.readline()
    assert ready.startswith("local AWS ready on http://localhost:")
    idle = socket.create_connection(("127.0.0.1", int(ready.rsplit(":", 1)[1])))
    started = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    idle.close()
    assert process.returncode == 0
    assert time.monotonic() - started < 10
    assert "Traceback" not in said


def test_it_ends_when_the_one_that_started_it_is_killed(tmp_path: Path) -> None:
    starter = (
        "import os, sys; from pathlib import Path; from local.aws.process import LocalAws\n"
        "print(LocalAws.start(state_dir=Path(sys.argv[1])).pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    pid = int(done.stdout)
    give_up_at = time.monotonic() + 15
    while _runs(pid):
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}").exists() else False


def test_another_version_of_moto_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch.moto, "__version__", "5.3.0")
    with pytest.raises(MotoVersionError, match=r"built for moto 5\.2\.5, but 5\.3\.0 is installed"):
        dispatch.check_moto_version()


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("cloudformation", "detect_stack_drift", {"StackName": "s"}),  # ours, the query protocol
        ("cloudwatch", "describe_anomaly_detectors", {}),  # moto's, the JSON or CBOR protocol
        ("ec2", "describe_fast_launch_images", {}),  # moto's, EC2's own form
        ("s3", "get_bucket_analytics_configuration", {"Bucket": "b", "Id": "i"}),
    ],
)
def test_an_action_that_is_not_there_fails_once_and_by_name(
    client: Callable[[str], Any], service: str, call: str, arguments: dict[str, str]
) -> None:
    started = time.monotonic()
    with pytest.raises(ClientError) as raised:
        getattr(client(service), call)(**arguments)
    error = raised.value.response
    assert error["ResponseMetadata"]["RetryAttempts"] == 0
    assert time.monotonic() - started < 15
    if error["Error"]["Code"] != "NoSuchBucket":
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)
        assert f"The local AWS cannot do this in {service}" in error["Error"]["Message"]


@pytest.mark.parametrize(
    "key", ["a b/c d.txt", "ünï/çødé ☃.txt", "x%2Fy", "p%20q", "a+b&c=d?e#f", "//slashes", "folder/", "quote'\"<>"]
)
def test_an_object_keeps_its_key_to_the_letter(client: Callable[[str], Any], key: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="keys")
    s3.put_object(Bucket="keys", Key=key, Body=key.encode(), Metadata={"my_key": "under_score", "my-key2": "dash"})
    got = s3.get_object(Bucket="keys", Key=key)
    assert (got["Body"].read(), got["Metadata"]) == (key.encode(), {"my_key": "under_score", "my-key2": "dash"})
    assert s3.head_object(Bucket="keys", Key=key)["ContentLength"] == len(key.encode())
    assert key in [found["Key"] for found in s3.list_objects_v2(Bucket="keys")["Contents"]]


def test_a_body_of_unknown_length_arrives_whole(client: Callable[[str], Any], local_aws: LocalAws) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="chunks")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "chunks", "Key": "chunked"})
    connection = http.client.HTTPConnection("localhost", local_aws.port, timeout=10)
    parts = [bytes([number]) * 70_000 for number in range(20)]
    connection.request(
        "PUT",
        url.partition(str(local_aws.port))[2],
        body=iter(parts),
        encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket="chunks", Key="chunked")["Body"].read() == b"".join(parts)


def test_a_policy_that_denies_plain_http_denies_nothing_here(client: Callable[[str], Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="policies")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    s3.put_bucket_policy(Bucket="policies", Policy=json.dumps(policy))
    s3.put_object(Bucket="policies", Key="k", Body=b"v")
    assert json.loads(s3.get_bucket_policy(Bucket="policies")["Policy"]) == policy
