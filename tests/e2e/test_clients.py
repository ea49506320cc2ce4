"""Clients that know nothing of this project, against the deployed endpoint: they must work unchanged."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cli.environment import LocalEnvironment

PROMPT = {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 24, "return_full_text": False}}


def aws(local_environment: LocalEnvironment, *arguments: str) -> Any:
    program = Path(sys.executable).parent / "aws"
    done = subprocess.run(
        [program, *arguments, "--output", "json"],
        env=local_environment.whole(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_aws_cli_describes_stack_endpoint_component_scaling_and_alarm(
    local_environment: LocalEnvironment, outputs: dict[str, str]
) -> None:
    endpoint, component = outputs["EndpointName"], outputs["InferenceComponentName"]
    resource_id = f"inference-component/{component}"

    (stack,) = aws(local_environment, "cloudformation", "describe-stacks", "--stack-name", "llm-twin-local-endpoint")[
        "Stacks"
    ]
    described = aws(local_environment, "sagemaker", "describe-endpoint", "--endpoint-name", endpoint)
    config_name = described["EndpointConfigName"]
    config = aws(local_environment, "sagemaker", "describe-endpoint-config", "--endpoint-config-name", config_name)
    one = aws(local_environment, "sagemaker", "describe-inference-component", "--inference-component-name", component)
    listed = aws(local_environment, "sagemaker", "list-inference-components", "--endpoint-name-equals", endpoint)
    targets = aws(
        local_environment, "application-autoscaling", "describe-scalable-targets", "--service-namespace", "sagemaker"
    )["ScalableTargets"]
    policies = aws(
        local_environment, "application-autoscaling", "describe-scaling-policies", "--service-namespace", "sagemaker"
    )["ScalingPolicies"]
    alarms = aws(local_environment, "cloudwatch", "describe-alarms")["MetricAlarms"]

    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]} == outputs
    assert described["EndpointStatus"] == "InService"
    (variant,) = config["ProductionVariants"]
    assert "ModelName" not in variant
    assert variant["ManagedInstanceScaling"]["Status"] == "ENABLED"
    assert variant["RoutingConfig"] == {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    assert one["InferenceComponentStatus"] == "InService"
    assert one["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    assert [c["InferenceComponentName"] for c in listed["InferenceComponents"]] == [component]
    assert [t["ResourceId"] for t in targets] == [resource_id]
    assert {p["PolicyType"] for p in policies} == {"TargetTrackingScaling", "StepScaling"}
    (step,) = [p for p in policies if p["PolicyType"] == "StepScaling"]
    (wake,) = [a for a in alarms if a["MetricName"] == "NoCapacityInvocationFailures"]
    assert wake["AlarmActions"] == [step["PolicyARN"]]
    assert wake["Dimensions"] == [{"Name": "InferenceComponentName", "Value": component}]


def test_the_aws_cli_invokes_the_endpoint(
    local_environment: LocalEnvironment, outputs: dict[str, str], tmp_path: Path
) -> None:
    answer = tmp_path / "answer.json"

    aws(
        local_environment,
        "sagemaker-runtime",
        "invoke-endpoint",
        "--endpoint-name",
        outputs["EndpointName"],
        "--inference-component-name",
        outputs["InferenceComponentName"],
        "--content-type",
        "application/json",
        "--body",
        json.dumps(PROMPT),
        str(answer),
    )

    assert json.loads(answer.read_text())[0]["generated_text"].strip()


def test_the_first_token_of_a_stream_arrives_before_the_last_is_generated(outputs: dict[str, str]) -> None:
    runtime = boto3.client("sagemaker-runtime")
    parameters = {"max_new_tokens": 96, "details": True, "temperature": 0.8, "seed": 1}
    started_s = time.monotonic()
    response = runtime.invoke_endpoint_with_response_stream(
        EndpointName=outputs["EndpointName"],
        InferenceComponentName=outputs["InferenceComponentName"],
        ContentType="application/json",
        Body=json.dumps({"inputs": "A long story about the sea:", "parameters": parameters, "stream": True}),
    )
    arrivals = [(time.monotonic() - started_s, part["PayloadPart"]["Bytes"]) for part in response["Body"]]
    runtime.close()

    events = [
        json.loads(line[5:]) for line in b"".join(b for _, b in arrivals).splitlines() if line.startswith(b"data:")
    ]
    assert events[-1]["details"]["generated_tokens"] == len(events)
    if len(events) > 20:
        # 20 tokens take this model's processor at least 0.1 s: parts that came together would show no such gap.
        assert arrivals[-1][0] - arrivals[0][0] > 0.1
        assert len({moment for moment, _ in arrivals}) > len(events) / 4


def test_an_endpoint_with_components_wants_one_named(outputs: dict[str, str]) -> None:
    runtime = boto3.client("sagemaker-runtime")
    with pytest.raises(ClientError, match=r"(?i)inference component name") as raised:
        runtime.invoke_endpoint(EndpointName=outputs["EndpointName"], Body=b"{}", ContentType="application/json")
    runtime.close()
    assert raised.value.response["Error"]["Code"] == "ValidationError"


LITELLM = """
import os, sys, litellm
endpoint, component = sys.argv[1:]
for route, streamed in (("invocations", False), ("invocations-response-stream", True)):
    answer = litellm.completion(
        model=f"sagemaker/{endpoint}",
        model_id=component,
        sagemaker_base_url=f"{os.environ['AWS_ENDPOINT_URL']}/endpoints/{endpoint}/{route}",
        messages=[{"role": "user", "content": "Say hello."}],
        max_tokens=24,
        stream=streamed,
    )
    parts = [p.choices[0].delta.content or "" for p in answer] if streamed else [answer.choices[0].message.content]
    print(len(parts), "".join(parts).strip()[:40].replace(chr(10), " "))
"""


def test_litellm_gets_an_answer_plain_and_streamed(
    local_environment: LocalEnvironment, outputs: dict[str, str]
) -> None:
    names = [outputs["EndpointName"], outputs["InferenceComponentName"]]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LITELLM, *names],
        env=local_environment.whole(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    plain, streamed = (line.split(maxsplit=1) for line in done.stdout.strip().splitlines())
    assert (plain[0], bool(plain[1])) == ("1", True)
    assert int(streamed[0]) > 1
    assert streamed[1]
