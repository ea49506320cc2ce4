import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.models import cloudwatch_backends

from local.aws.runtime.metrics import InvocationMetrics, Invoked
from local.aws.wire.place import Place
from tests.local.aws.sagemaker.rig import Deployed, Rig


def statistics(rig: Rig, metric: str, dimensions: dict[str, str]) -> dict[str, Any]:
    found = rig.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(minutes=5),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
    )["Datapoints"]
    assert len(found) <= 1
    return dict(found[0]) if found else {"Sum": 0, "SampleCount": 0}


def ask(rig: Rig, name: str, **body: Any) -> None:
    client = rig.client("sagemaker-runtime")
    client.invoke_endpoint(EndpointName=name, InferenceComponentName=name, Body=json.dumps(body))


def test_invocations_are_counted_for_the_component_and_for_the_variant(rig: Rig, deployed: Deployed) -> None:
    deployed.all("counted")
    for body in ({}, {"do": "sleep", "seconds": 0.2}):
        ask(rig, "counted", **body)
    for status in (422, 500, 503):
        with pytest.raises(ClientError):
            ask(rig, "counted", do="status", status=status, text="")
    for dimensions in (
        {"InferenceComponentName": "counted"},
        {"EndpointName": "counted", "VariantName": "AllTraffic"},
    ):
        assert statistics(rig, "Invocations", dimensions)["Sum"] == 5
        errors = statistics(rig, "Invocation4XXErrors", dimensions)
        assert (errors["Sum"], errors["SampleCount"], errors["Average"]) == (1, 5, 0.2)
        assert statistics(rig, "Invocation5XXErrors", dimensions)["Sum"] == 2
        latency = statistics(rig, "ModelLatency", dimensions)
        assert latency["Unit"] == "Microseconds"
        assert latency["Maximum"] > 200_000
        assert 0 < latency["Minimum"] < 200_000
        assert 0 < statistics(rig, "OverheadLatency", dimensions)["Maximum"] < 1_000_000


def test_requests_without_capacity_are_counted_for_the_alarm_that_wakes_the_component(
    rig: Rig, deployed: Deployed
) -> None:
    deployed.all("asleep")
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="asleep", DesiredRuntimeConfig={"CopyCount": 0}
    )
    deployed.settled("asleep")
    for _ in range(2):
        with pytest.raises(ClientError, match="no capacity"):
            ask(rig, "asleep")
    dimensions = {"InferenceComponentName": "asleep"}
    assert statistics(rig, "NoCapacityInvocationFailures", dimensions)["Sum"] == 2
    assert statistics(rig, "Invocations", dimensions)["Sum"] == 0


def test_a_busy_endpoint_costs_a_few_objects(rig: Rig) -> None:
    metrics = InvocationMetrics()
    invoked = Invoked(
        place=Place(account_id="123456789012", region="us-west-2"),
        endpoint="e",
        variant="v",
        component="c",
    )
    for _ in range(10_000):
        metrics.answered(invoked, status=200, model_s=0.1, overhead_s=0.01)
    found = rig.client("cloudwatch", region="us-west-2").list_metrics(Namespace="AWS/SageMaker")["Metrics"]
    assert len({(metric["MetricName"], str(metric["Dimensions"])) for metric in found}) == 10
    assert len(cloudwatch_backends["123456789012"]["us-west-2"].metric_data) <= 40
