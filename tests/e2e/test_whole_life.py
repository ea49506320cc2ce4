"""The whole life of an endpoint by the real CDK CLI: bootstrap, deploy, invoke, stream, scale, destroy; what a deploy
changes in between is in test_updates.py.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from cli.copies import list_copies
from cli.environment import LocalEnvironment
from cli.leftovers.search import find_leftovers
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress, EndpointClient, GenerationParameters, LLMInferenceSagemakerEndpoint


def wait_until(met: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def destroy_all(rehearsal: Rehearsal) -> None:
    """`cdk destroy`, and a look for anything that is left: in the account, and of the copies' processes."""
    pids = [copy.pid for copy in list_copies()]
    rehearsal.destroy()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), timeout_s=10)
    assert list_copies() == []
    left = find_leftovers(boto3.Session(), processes=pids)
    # The containers' logs outlive a destroy, here as on AWS.
    assert {one.kind for one in left} <= {"log group"}


def interrupt_deploy(rehearsal: Rehearsal, *, when: Callable[[], bool]) -> None:
    """`cdk deploy` and Ctrl-C."""
    project = rehearsal.project
    path = os.pathsep.join((str(project.programs), os.environ["PATH"]))
    arguments = ["deploy", "--all", "--app", str(rehearsal.assembly), "--require-approval", "never", "--ci"]
    with subprocess.Popen(
        [project.cdk, *arguments],
        cwd=project.root,
        env={**rehearsal.environment.whole(), "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_until(lambda: when() or process.poll() is not None)
        finally:
            os.killpg(process.pid, signal.SIGINT)
    assert process.returncode != 0


@pytest.mark.timeout(240)
def test_an_endpoint_lives_from_deploy_to_destroy_through_the_real_cdk_cli(
    rehearsal: Rehearsal, local_environment: LocalEnvironment, outputs: dict[str, str]
) -> None:
    sagemaker = boto3.client("sagemaker")
    (stack_name,) = rehearsal.stack_names()
    # Not from `outputs`: the tests of updates may have deployed since.
    address = EndpointAddress.from_stack(stack_name)
    component = address.inference_component_name or ""

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

    # destroyed while a second copy starts
    sagemaker.update_inference_component_runtime_config(
        InferenceComponentName=component, DesiredRuntimeConfig={"CopyCount": 2}
    )
    wait_until(lambda: len(list_copies()) == 2)
    scaling = sagemaker.describe_inference_component(InferenceComponentName=component)
    assert scaling["InferenceComponentStatus"] == "Updating"
    destroy_all(rehearsal)

    # deployed anew by a CLI that is interrupted, which does not interrupt the stack, and destroyed
    interrupt_deploy(rehearsal, when=lambda: bool(list_copies()))
    stack = boto3.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
    assert stack["StackStatus"] in {"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}
    destroy_all(rehearsal)
