"""Adapter components: LoRA adapters that answer on the copies of a base component."""

import io
import json
import re
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import Deployed, Rig, eventually, specification

BUCKET = "twins"
ADA, BOB = f"s3://{BUCKET}/ada/1.tar.gz", f"s3://{BUCKET}/bob/1.tar.gz"


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return content.getvalue()


@pytest.fixture
def s3(rig: Rig) -> Any:
    client = rig.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for uri in (ADA, BOB):
        client.put_object(Bucket=BUCKET, Key=uri.split("/", 3)[3], Body=archive("adapter_config.json"))
    return client


@pytest.fixture
def create(deployed: Deployed, s3: Any) -> Callable[..., dict[str, Any]]:
    """Create an adapter component and wait for it; keywords go over what is usual."""

    def run(name: str = "ada", *, artifact: str = ADA, base: str = "twin", **params: Any) -> dict[str, Any]:
        usual = {"BaseInferenceComponentName": base, "Container": {"ArtifactUrl": artifact}}
        deployed.sm.create_inference_component(
            **{"InferenceComponentName": name, "EndpointName": "twin", "Specification": usual} | params
        )
        return deployed.settled(name)

    return run


@pytest.fixture
def invoke(rig: Rig) -> Callable[..., Any]:
    runtime = rig.client("sagemaker-runtime")

    def ask(component: str, do: str) -> Any:
        body = json.dumps({"do": do})
        answer = runtime.invoke_endpoint(EndpointName="twin", InferenceComponentName=component, Body=body)
        return json.load(answer["Body"])

    return ask


def test_is_in_service_on_its_base_and_described_without_copies(deployed: Deployed, create: Callable[..., Any]) -> None:
    deployed.all(ADAPTERS="1")
    found = create()
    assert found["InferenceComponentStatus"] == "InService"
    assert found["Specification"] == {"BaseInferenceComponentName": "twin", "Container": {"ArtifactUrl": ADA}}
    assert (found["EndpointName"], found["VariantName"]) == ("twin", "AllTraffic")
    assert "RuntimeConfig" not in found
    listed = deployed.sm.list_inference_components(EndpointNameEquals="twin", SortBy="Name", SortOrder="Ascending")
    assert [one["InferenceComponentName"] for one in listed["InferenceComponents"]] == ["ada", "twin"]


def test_a_request_for_it_reaches_a_copy_of_the_base_that_has_it_loaded(
    deployed: Deployed, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all(ADAPTERS="1")
    create()
    assert invoke("ada", "adapters")["adapters"] == {"ada": ["adapter_config.json"]}
    assert invoke("ada", "headers")["x-amzn-sagemaker-adapter-identifier"] == "ada"
    assert "x-amzn-sagemaker-adapter-identifier" not in invoke("twin", "headers")
    assert invoke("ada", "echo")["pid"] == invoke("twin", "echo")["pid"]


def test_a_copy_that_comes_later_is_given_it_before_its_first_request(
    deployed: Deployed, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all(ADAPTERS="1")
    create()
    first = invoke("ada", "echo")["pid"]
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 2}
    )
    deployed.settled()
    found: dict[int, Any] = {}

    def both_answered() -> bool:
        told = invoke("ada", "adapters")
        found[told["pid"]] = told["adapters"]
        return len(found) == 2

    eventually(both_answered)
    assert first in found
    assert set(map(str, found.values())) == {str({"ada": ["adapter_config.json"]})}


def test_another_version_takes_the_place_of_the_first(
    deployed: Deployed, s3: Any, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all(ADAPTERS="1")
    create()
    second = ADA.replace("1.tar", "2.tar")
    s3.put_object(Bucket=BUCKET, Key="ada/2.tar.gz", Body=archive("adapter_config.json", "second"))
    deployed.sm.update_inference_component(
        InferenceComponentName="ada", Specification={"Container": {"ArtifactUrl": second}}
    )
    assert deployed.settled("ada")["Specification"]["Container"]["ArtifactUrl"] == second
    assert deployed.settled("ada")["Specification"]["BaseInferenceComponentName"] == "twin"
    assert invoke("ada", "adapters")["adapters"] == {"ada": ["adapter_config.json", "second"]}


def test_a_container_that_takes_no_adapters_is_found_out_by_the_requests_as_on_aws(
    deployed: Deployed, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all()
    assert create()["InferenceComponentStatus"] == "InService"
    with pytest.raises(ClientError) as refused:
        invoke("ada", "echo")
    assert refused.value.response["OriginalStatusCode"] == 404
    assert refused.value.response["OriginalMessage"] == '{"detail":"Not Found"}'
    assert "InferenceComponents/twin" in refused.value.response["LogStreamArn"]


def test_an_archive_that_is_none_fails_it_with_the_reason(
    deployed: Deployed, s3: Any, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all(ADAPTERS="1")
    s3.put_object(Bucket=BUCKET, Key="ada/1.tar.gz", Body=b"no archive")
    failed = create()
    assert failed["InferenceComponentStatus"] == "Failed"
    assert failed["FailureReason"].startswith(f"Could not extract the model data at {ADA}: ")
    with pytest.raises(ClientError, match="no capacity"):
        invoke("ada", "echo")


def test_a_base_is_deleted_after_its_adapters(
    deployed: Deployed, create: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    deployed.all(ADAPTERS="1")
    create()
    create("bob", artifact=BOB)
    with pytest.raises(ClientError, match=re.escape('/twin" while adapters use it: ada, bob. Delete them first.')):
        deployed.sm.delete_inference_component(InferenceComponentName="twin")
    deployed.sm.delete_inference_component(InferenceComponentName="ada")
    eventually(lambda: list(invoke("bob", "adapters")["adapters"]) == ["bob"])
    with pytest.raises(ClientError, match="Inference Component ada of account"):
        invoke("ada", "echo")
    deployed.sm.delete_inference_component(InferenceComponentName="bob")
    eventually(lambda: len(deployed.sm.list_inference_components()["InferenceComponents"]) == 1)
    deployed.sm.delete_inference_component(InferenceComponentName="twin")
    eventually(lambda: deployed.sm.list_inference_components()["InferenceComponents"] == [])


def test_it_is_its_base_that_is_scaled(deployed: Deployed, create: Callable[..., Any]) -> None:
    deployed.all(ADAPTERS="1")
    create()
    with pytest.raises(ClientError, match='ada" is an adapter: scale its base'):
        deployed.sm.update_inference_component_runtime_config(
            InferenceComponentName="ada", DesiredRuntimeConfig={"CopyCount": 2}
        )


def test_what_an_adapter_has_not_is_refused(deployed: Deployed, create: Callable[..., Any]) -> None:
    deployed.all(ADAPTERS="1")
    needs = specification()["ComputeResourceRequirements"]
    container = {"ArtifactUrl": ADA}
    base = {"BaseInferenceComponentName": "twin", "Container": container}
    refused = [
        ({"base": "nobody"}, r'Could not find inference component "\S+/nobody"'),
        ({"artifact": f"s3://{BUCKET}/missing.tar.gz"}, "Could not find model data at s3://twins/missing.tar.gz"),
        ({"artifact": f"s3://{BUCKET}/ada/"}, "with the suffix .tar.gz"),
        ({"RuntimeConfig": {"CopyCount": 1}}, "has no copies of its own"),
        ({"VariantName": "Another"}, 'the base inference component is on "AllTraffic"'),
        ({"Specification": base | {"ComputeResourceRequirements": needs}}, "ComputeResourceRequirements is for a base"),
        ({"Specification": base | {"Container": container | {"Environment": {"A": "b"}}}}, "Container.Environment is"),
    ]
    for params, message in refused:
        with pytest.raises(ClientError, match=message):
            create(**params)
    create()
    with pytest.raises(ClientError, match="is an adapter itself"):
        create("bob", base="ada")


def test_a_base_has_to_be_on_the_same_endpoint_and_in_service(deployed: Deployed, create: Callable[..., Any]) -> None:
    deployed.model(START_DELAY_S="0.5")
    deployed.endpoint()
    deployed.endpoint("another")
    deployed.component(wait=False)
    with pytest.raises(ClientError, match=r'base inference component "\S+/twin" in status Creating'):
        create()
    deployed.settled()
    with pytest.raises(ClientError, match=r'is not on endpoint "\S+/another" but on "\S+/twin"'):
        create(EndpointName="another")
