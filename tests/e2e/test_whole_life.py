"""The whole life of an endpoint by the real CDK CLI: bootstrap, deploy, invoke, stream, change, fail, destroy."""

import dataclasses
import hashlib
import json
import shutil
import time
from pathlib import Path

import boto3
import pytest

from cli.copies import list_copies
from cli.environment import LocalEnvironment
from cli.errors import ToolFailedError
from cli.leftovers import list_leftovers
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress, EndpointClient, GenerationParameters, LLMInferenceSagemakerEndpoint


def wait_until_gone(pids: list[int], timeout_s: float = 10.0) -> list[int]:
    """The processes that are still there when the time is up."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        pids = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        if not pids:
            break
        time.sleep(0.1)
    return pids


def rewrite_template(rehearsal: Rehearsal, target: Path, *changes: tuple[str, str]) -> Rehearsal:
    """A copy of the cloud assembly in which the template's text is changed, as another commit would have it."""
    shutil.copytree(rehearsal.assembly, target / "cdk.out")
    (template,) = (target / "cdk.out").glob("*.template.json")
    text = template.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    template.write_text(text)
    # The CLI uploads a template under its hash, once: a changed one needs a hash of its own.
    (assets,) = (target / "cdk.out").glob("*.assets.json")
    fresh = hashlib.sha256(text.encode()).hexdigest()
    for asset in json.loads(assets.read_text())["files"]:
        for manifest in (assets, target / "cdk.out/manifest.json"):
            manifest.write_text(manifest.read_text().replace(asset, fresh))
    return dataclasses.replace(rehearsal, folder=target)


@pytest.mark.timeout(240)
def test_an_endpoint_lives_from_deploy_to_destroy_through_the_real_cdk_cli(
    rehearsal: Rehearsal, local_environment: LocalEnvironment, outputs: dict[str, str], tmp_path: Path
) -> None:
    session = boto3.Session()
    sagemaker = session.client("sagemaker")
    component = outputs["InferenceComponentName"]

    def copy_counts() -> dict[str, int]:
        counts = sagemaker.describe_inference_component(InferenceComponentName=component)["RuntimeConfig"]
        return {"desired": counts["DesiredCopyCount"], "current": counts["CurrentCopyCount"]}

    # deployed
    assert copy_counts() == {"desired": 1, "current": 1}
    (first,) = list_copies()
    address = EndpointAddress.from_stack(rehearsal.stack_names()[0])
    assert address == EndpointAddress.from_ssm(f"/llm-twin/{rehearsal.stage}")
    assert address == EndpointAddress.from_outputs_file(rehearsal.outputs_file)

    # invoked, by the book's surface and by a stream
    llm = LLMInferenceSagemakerEndpoint(address.endpoint_name, inference_component_name=component)
    llm.set_payload("The capital of France is", {"max_new_tokens": 8})
    assert llm.inference()[0]["generated_text"].strip()
    with EndpointClient(address) as client:
        question = [{"role": "user", "content": "Count from one to ten."}]
        with client.stream_chat(question, parameters=GenerationParameters(max_new_tokens=24)) as stream:
            texts = [event.text for event in stream]
        assert len(texts) > 1
        assert "".join(texts) == stream.generation.text

    # deployed again unchanged: nothing is replaced, nothing is restarted
    rehearsal.deploy_assembly()
    assert [copy.pid for copy in list_copies()] == [first.pid]

    # more copies
    more = rewrite_template(rehearsal, tmp_path / "more", ('"CopyCount": 1', '"CopyCount": 2'))
    more.deploy_assembly()
    assert copy_counts() == {"desired": 2, "current": 2}
    pids = [copy.pid for copy in list_copies()]
    assert len(pids) == 2
    assert first.pid in pids

    # a model that does not exist: the update fails, rolls back by itself, and the old copies have served throughout
    model_id = outputs["ModelId"]
    broken = rewrite_template(more, tmp_path / "broken", (f'"{model_id}"', '"llm-twin/does-not-exist"'))
    with pytest.raises(ToolFailedError, match=r"does-not-exist|UPDATE_ROLLBACK|rolled back"):
        broken.deploy_assembly()
    stack = session.client("cloudformation").describe_stacks(StackName=rehearsal.stack_names()[0])["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert copy_counts() == {"desired": 2, "current": 2}
    assert llm.inference()[0]["generated_text"].strip()

    # destroyed
    pids = [copy.pid for copy in list_copies()]
    rehearsal.destroy()
    assert wait_until_gone(pids) == []
    assert list_leftovers(session, processes=pids) == []
