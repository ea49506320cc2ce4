import json
import os
import threading
import zlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from model.catalog import SMOLLM2
from model.manifest import Manifest, PublishedFile

# Each test that changes a region's state has a region of its own.
READY, OTHER = "eu-west-1", "eu-north-1"
SMALL, GATED = SMOLLM2.model_id, "mistralai/Mistral-7B-Instruct-v0.3"


@pytest.fixture(scope="module")
def hub():
    """A hub that gives the small model to everybody, has gated another, and knows no more."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.content = {"sha": SMOLLM2.revision, "gated": GATED in self.path}
            known = SMALL in self.path or GATED in self.path
            body = json.dumps(self.content).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(local_aws):
    def make(service, region=READY):
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)  # noqa: S106 - nothing checks it
        return session.client(service, endpoint_url=local_aws.endpoint_url)

    for region in (READY, OTHER):
        make("ssm", region).put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    return make


@pytest.fixture
def doctor(client, hub, twin, local_environment, monkeypatch):
    """Run `twin doctor --json`; gives its exit code and its checks by name."""
    monkeypatch.setenv("HF_ENDPOINT", hub)

    def run(*arguments, region=READY, stage="local"):
        monkeypatch.setenv("AWS_REGION", region)
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        ended = twin("doctor", "--stage", stage, "--json", *arguments)
        assert "Traceback" not in ended.err
        answer = json.loads(ended.out)
        assert answer["ready"] is (ended.code == 0)
        return ended.code, {check["name"]: (check["state"], check["text"]) for check in answer["checks"]}

    return run


def test_a_deploy_that_lacks_nothing_gets_an_ok_for_every_line(doctor, twin):
    code, checks = doctor()
    assert code == 0
    assert list(checks) == ["credentials", "region", "image", "bootstrap", "fit", "quota", "model access"]
    assert {state for state, _ in checks.values()} == {"ok"}
    assert "arn:aws:sts::123456789012" in checks["credentials"][1]
    assert ".eu-west-1.amazonaws.com/huggingface-pytorch-tgi-inference:" in checks["image"][1]
    ended = twin("doctor", "--stage", "local")
    assert len(ended.out.splitlines()) == len(checks)


@pytest.mark.parametrize("version", [None, "5", "x"])
def test_a_region_without_a_bootstrap_that_is_new_enough_is_to_be_bootstrapped(doctor, client, version):
    region = "ap-south-1"
    if version:
        client("ssm", region).put_parameter(
            Name="/cdk-bootstrap/hnb659fds/version", Value=version, Type="String", Overwrite=True
        )
    code, checks = doctor(region=region)
    assert code == 1
    assert checks["bootstrap"][0] == "fix"
    assert "cdk bootstrap aws://ACCOUNT/ap-south-1" in checks["bootstrap"][1]
    assert [name for name, (state, _) in checks.items() if state == "fix"] == ["bootstrap"]


def test_a_region_that_cannot_host_is_named_and_the_rest_is_looked_at(doctor):
    code, checks = doctor(region="eu-west-3")
    assert code == 1
    assert checks["region"][0] == "fix"
    assert checks["image"][0] == "ok"
    assert checks["fit"][0] == "ok"
    assert "no image of engine 'tgi'" in doctor(region="eu-west-9")[1]["image"][1]


def test_a_quota_that_does_not_cover_the_deployment_names_the_call_that_asks_for_more(doctor, client):
    instance = ("-c", "instance_type=ml.p4d.24xlarge")
    code, checks = doctor(*instance, region=OTHER)
    assert (code, checks["quota"][0]) == (1, "fix")
    assert "The account may run 0 x ml.p4d.24xlarge" in checks["quota"][1]
    words = checks["quota"][1].split()
    client("service-quotas", OTHER).request_service_quota_increase(
        ServiceCode="sagemaker",
        QuotaCode=words[words.index("--quota-code") + 1],
        DesiredValue=float(words[words.index("--desired-value") + 1].strip("`,")),
    )
    code, checks = doctor(*instance, region=OTHER)
    assert (code, checks["quota"][0]) == (0, "ok")


def test_what_other_endpoints_run_is_not_free_and_what_the_stage_runs_is(doctor, client):
    region = "ca-central-1"
    sagemaker = client("sagemaker", region)
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = client("iam").create_role(RoleName="of-others", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    for endpoint, count in (("neighbours", 19), ("llm-twin-local-1a2b3c4d", 1)):
        variant = {"VariantName": "a", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": count}
        sagemaker.create_endpoint_config(
            EndpointConfigName=endpoint, ExecutionRoleArn=role, ProductionVariants=[variant]
        )
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig={"Delay": 1})
    _, checks = doctor(region=region)
    state, says = checks["quota"]
    assert state == "fix"
    assert "The account may run 20 x ml.g5.xlarge, of which 19 run for other endpoints" in says
    most = int(says.partition("grows to ")[2].partition(".")[0])
    assert f"--desired-value {19 + most}`" in says
    sagemaker.delete_endpoint(EndpointName="neighbours")
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="neighbours", WaiterConfig={"Delay": 1})
    assert doctor(region=region)[1]["quota"][0] == "ok"


SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = {"model.safetensors.index.json": json.dumps({"weight_map": dict(enumerate(SHARDS))})}
MANIFEST = Manifest(
    model_id=SMALL,
    revision=SMOLLM2.revision,
    files={name: PublishedFile(size_bytes=1, sha256="0" * 64) for name in ("config.json", *SHARDS)},
)


def test_every_type_to_fall_back_on_needs_a_quota(doctor):
    code, checks = doctor("-c", "instance_fallback=ml.g6.xlarge,ml.p4d.24xlarge")
    assert (code, checks["quota"][0]) == (1, "fix")
    assert "The account may run 0 x ml.p4d.24xlarge" in checks["quota"][1]
    assert "ml.g5.xlarge and ml.g6.xlarge and ml.p4d.24xlarge" in checks["fit"][1]


@pytest.mark.parametrize(
    ("region", "names", "others", "found"),
    [
        (READY, ("config.json", "model-00001-of-00001.safetensors", "tokenizer.json"), {}, ("ok", "3 objects")),
        (READY, ("config.json",), {}, ("fix", "no *.safetensors")),
        (READY, (), {}, ("fix", "no config.json, no *.safetensors")),
        (READY, ("config.json", "model.safetensors"), {}, ("fix", "no tokenizer (tokenizer.json or")),
        (READY, ("config.json", "tokenizer.json", *SHARDS), INDEX, ("ok", "5 objects")),
        (READY, ("config.json", SHARDS[0]), INDEX, ("fix", f"names {SHARDS[1]}, which is not there")),
        (READY, ("config.json",), dict.fromkeys(INDEX, "{}"), ("fix", "has no weight_map")),
        (READY, ("config.json", *SHARDS), {"publish.json": MANIFEST.to_text()}, ("ok", "4 objects")),
        (READY, ("config.json", SHARDS[1]), {"publish.json": MANIFEST.to_text()}, ("fix", f"no {SHARDS[0]}")),
        (
            READY,
            ("config.json", SHARDS[1]),
            {"publish.json": MANIFEST.to_text(), SHARDS[0]: "long"},
            ("fix", f"{SHARDS[0]} has 4 of 1 bytes"),
        ),
        (READY, (), {"publish.json": replace(MANIFEST, model_id="me/mine").to_text()}, ("fix", "holds me/mine")),
        (READY, (), {"publish.json": "{}"}, ("fix", "cannot be read as a model")),
        (OTHER, ("config.json", "model.safetensors"), {}, ("fix", f"is in {OTHER}")),
        (None, (), {}, ("fix", "There is no bucket")),
    ],
)
def test_weights_have_to_be_whole_and_in_the_endpoints_region(doctor, client, request, *, region, names, others, found):
    state, says = found
    bucket = f"doctor-{region or 'none'}-{zlib.crc32(request.node.name.encode())}"
    if region:
        s3 = client("s3", region)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_object(Bucket=bucket, Key="other/config.json", Body=b"x")
        for name, content in (dict.fromkeys(names, "x") | others).items():
            s3.put_object(Bucket=bucket, Key=f"twin/{name}", Body=content.encode())
    code, checks = doctor("-c", f"s3_uri=s3://{bucket}/twin/")
    assert (code, checks["weights"][0]) == (int(state == "fix"), state)
    assert says in checks["weights"][1]
    assert "model access" not in checks


def test_a_bucket_with_the_old_name_of_a_region_is_in_that_region(doctor, client):
    s3 = client("s3", "us-east-1")  # of which buckets elsewhere may be made
    s3.create_bucket(Bucket="doctor-old", CreateBucketConfiguration={"LocationConstraint": "EU"})
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        s3.put_object(Bucket="doctor-old", Key=f"twin/{name}", Body=b"x")
    _, checks = doctor("-c", "s3_uri=s3://doctor-old/twin/")
    assert checks["weights"] == ("ok", "3 objects under s3://doctor-old/twin/")


@pytest.mark.parametrize(
    ("model_id", "says"),
    [(GATED, "is gated on the hub"), ("Qwen/Qwen2.5-0.5B-Instruct", "the hub has no such thing")],
)
def test_a_model_that_the_hub_does_not_give_to_everybody_goes_to_s3(doctor, model_id, says):
    # The larger of the two needs the stage's larger instance.
    code, checks = doctor("-c", f"model={model_id}", stage="dev")
    assert (code, checks["model access"][0]) == (1, "fix")
    assert says in checks["model access"][1]
    assert "s3_uri=s3://BUCKET/PREFIX/" in checks["model access"][1]


def test_a_hub_that_is_not_reached_is_no_failure(doctor, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, checks = doctor()
    assert (code, checks["model access"][0]) == (0, "not checked")


def test_a_model_that_does_not_fit_is_found_before_aws_is_asked_for_room(doctor):
    code, checks = doctor("-c", "model=Qwen/Qwen2.5-32B-Instruct")
    assert (code, checks["fit"][0]) == (1, "fix")
    assert "instance_type=" in checks["fit"][1]
    assert "quota" not in checks


def test_without_credentials_nothing_else_of_the_account_is_looked_at(doctor, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    code, checks = doctor()
    assert (code, checks["credentials"][0]) == (1, "fix")
    assert checks["bootstrap"] == checks["quota"] == ("not checked", "Credentials come first.")
    assert checks["fit"][0] == checks["model access"][0] == "ok"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--stage", "test"), "test"),
        (("-c", "colour=red"), "colour"),
        (("-c", "max_copies"), "'max_copies' is no setting"),
    ],
)
def test_settings_that_there_are_not_end_with_2(twin, local_environment, arguments, message):
    ended = twin("doctor", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_the_archives_of_adapters_and_the_models_beside_are_looked_for(doctor, client):
    settings = ("-c", "engine=vllm", "-c", "adapters=ada=s3://twins-of-doctor/ada.tar.gz", "-c", f"beside={GATED}")
    code, checks = doctor(*settings, "-c", "instance_type=ml.g5.2xlarge")
    assert (code, checks["adapter"][0]) == (1, "fix")
    assert "There is no s3://twins-of-doctor/ada.tar.gz for adapter ada." in checks["adapter"][1]
    assert f"{GATED} beside it" in checks["fit"][1]
    assert f"{GATED} is gated on the hub" in checks["model access"][1]
    place = {"Bucket": "twins-of-doctor", "CreateBucketConfiguration": {"LocationConstraint": READY}}
    client("s3").create_bucket(**place)
    client("s3").put_object(Bucket="twins-of-doctor", Key="ada.tar.gz", Body=b"archive")
    _, checks = doctor(*settings, "-c", "instance_type=ml.g5.2xlarge")
    assert checks["adapter"] == ("ok", "ada: 7 bytes at s3://twins-of-doctor/ada.tar.gz")
