import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.local.aws.sagemaker.rig import Deployed, Rig, eventually, specification


@dataclass
class Load:
    """What became of the streams of callers that never pause."""

    whole: int = 0
    failures: list[Exception] = field(default_factory=list)


@contextmanager
def load_of_streams(rig: Rig, *, callers: int = 8) -> Iterator[Load]:
    client = rig.client("sagemaker-runtime", max_pool_connections=50)
    body = json.dumps({"do": "stream", "parts": list("abcdefghij"), "interval_s": 0.02})
    load, over = Load(), threading.Event()

    def call() -> None:
        while not over.is_set():
            try:
                answer: dict[str, Any] = client.invoke_endpoint_with_response_stream(
                    EndpointName="twin", InferenceComponentName="twin", Body=body
                )
                text = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"])
                assert text == b"abcdefghij"
                load.whole += 1
            except Exception as error:
                load.failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join()


def update(deployed: Deployed, model: str, *, wait_s: int = 0, **deployment: Any) -> None:
    policy = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": wait_s}
    deployed.sm.update_inference_component(
        InferenceComponentName="twin",
        Specification=specification(model),
        DeploymentConfig={"RollingUpdatePolicy": policy, **deployment},
    )


def test_a_model_is_replaced_under_a_load_of_streams_without_one_that_fails(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2, NAME="old")
    deployed.model("newer", NAME="new")
    with load_of_streams(rig) as load:
        for model in ("newer", "twin"):
            update(deployed, model)
            found = deployed.settled()
            assert found["Specification"]["ModelName"] == model
            assert found["RuntimeConfig"]["CurrentCopyCount"] == 2
    assert load.failures == []
    assert load.whole > 16
    eventually(lambda: rig.outstanding() == [0, 0])


def test_an_update_is_taken_back_under_a_load_of_streams_without_one_that_fails(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2, NAME="old")
    deployed.model("newer", NAME="new")
    deployed.model("broken", EXIT_CODE="1", MESSAGE="CUDA out of memory")
    cloudwatch = rig.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        MetricName="Invocation5XXErrors",
        Namespace="AWS/SageMaker",
        Period=60,
        EvaluationPeriods=1,
        Threshold=3,
        Statistic="Sum",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    before = {copy["copy_id"] for copy in rig.sagemaker.copies()}
    with load_of_streams(rig) as load:
        update(deployed, "broken")
        assert "CUDA out of memory" in deployed.settled()["FailureReason"]
        update(deployed, "newer", wait_s=600, AutoRollbackConfiguration={"Alarms": [{"AlarmName": "errors"}]})
        # One copy is new, and is watched.
        eventually(lambda: len({copy["copy_id"] for copy in rig.sagemaker.copies()} & before) == 1, timeout_s=20)
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
        found = deployed.settled()
    assert "alarm errors is in ALARM" in found["FailureReason"]
    assert found["Specification"]["ModelName"] == "twin"
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert load.failures == []
    assert load.whole > 16
