"""What must agree between what watches and what is watched."""

import json
import operator
from collections.abc import Iterator
from typing import Any

from tests.stacks.agreement.deployment import Deployment, Properties
from tests.stacks.agreement.pair import Pair, put

ALARM = "AWS::CloudWatch::Alarm"
DASHBOARD = "AWS::CloudWatch::Dashboard"
TOPIC = "AWS::SNS::Topic"
KEY = "AWS::KMS::Key"
RETENTION = "Custom::LogRetention"
FILTER = "AWS::Logs::MetricFilter"
ELSEWHERE = {"Ref": "Another"}
# The namespaces of SageMaker's own metrics.
SAGEMAKER = ("AWS/SageMaker", "/aws/sagemaker/")


def _names(d: Deployment) -> dict[str, str]:
    return {
        "EndpointName": d.endpoint.only("AWS::SageMaker::Endpoint")["EndpointName"],
        "VariantName": d.variant["VariantName"],
        "InferenceComponentName": d.component["InferenceComponentName"],
    }


def _watched(d: Deployment) -> Iterator[Properties]:
    """Every metric that an alarm is on."""
    for alarm in d.monitoring.all(ALARM).values():
        for entry in [alarm] if "MetricName" in alarm else alarm["Metrics"]:
            metric = entry.get("MetricStat", {}).get("Metric", entry)
            if "MetricName" in metric:
                yield metric


def _watched_names(d: Deployment) -> set[tuple[str, str]]:
    return {
        (dimension["Name"], dimension["Value"])
        for metric in _watched(d)
        for dimension in metric.get("Dimensions", ())
        if metric["Namespace"].startswith(SAGEMAKER)
    }


def _logged_names(d: Deployment) -> set[tuple[str, str]]:
    """The metrics that are read from the log, with their namespace."""
    return {
        (transformation["MetricNamespace"], transformation["MetricName"])
        for one in d.monitoring.all(FILTER).values()
        for transformation in one["MetricTransformations"]
    }


def _engine_metrics_used(d: Deployment) -> set[tuple[str, str]]:
    """Metrics that are not SageMaker's, of alarms and of the dashboard."""
    watched = {(metric["Namespace"], metric["MetricName"]) for metric in _watched(d)}
    rows = (row for widget in _dashboard(d)["widgets"] for row in widget["properties"].get("metrics", ()))
    shown = {(row[0], row[1]) for row in rows if isinstance(row[0], str)}
    return {(namespace, name) for namespace, name in watched | shown if not namespace.startswith(SAGEMAKER)}


def _dashboard(d: Deployment) -> dict[str, Any]:
    body = d.monitoring.only(DASHBOARD)["DashboardBody"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else "reference" for part in body))


def _shown_names(d: Deployment) -> set[tuple[str, str]]:
    found = set()
    for widget in _dashboard(d)["widgets"]:
        for row in widget["properties"].get("metrics", ()):
            if isinstance(row[0], str) and row[0].startswith(SAGEMAKER):
                _, _, *dimensions, _ = row
                found |= set(zip(dimensions[::2], dimensions[1::2], strict=True))
    return found


def _lines(d: Deployment) -> set[float]:
    """Where the dashboard draws horizontal lines."""
    widgets = (widget["properties"] for widget in _dashboard(d)["widgets"])
    return {line["value"] for widget in widgets for line in widget.get("annotations", {}).get("horizontal", ())}


def _rename_on_dashboard(d: Deployment) -> None:
    parts = d.monitoring.only(DASHBOARD)["DashboardBody"]["Fn::Join"][1]
    parts[:] = [part.replace("-llm", "-old") if isinstance(part, str) else part for part in parts]


def _startup_s(d: Deployment) -> int:
    return d.component["Specification"]["StartupParameters"]["ContainerStartupHealthCheckTimeoutInSeconds"]


def _waking_s(d: Deployment) -> int:
    alarm = d.monitoring.alarm("NoCapacityInvocationFailures")
    return alarm["Period"] * alarm["EvaluationPeriods"]


def _announcements(d: Deployment) -> list[Any]:
    alarms = d.monitoring.all(ALARM).values()
    return [action for alarm in alarms for action in [*alarm["AlarmActions"], *alarm["OKActions"]]]


def _subscribers(d: Deployment) -> list[Properties]:
    alerts = d.monitoring.only("AWS::Budgets::Budget")["NotificationsWithSubscribers"]
    return [subscriber for alert in alerts for subscriber in alert["Subscribers"]]


PAIRS = (
    Pair(
        name="alarms watch this endpoint and this component",
        one=_watched_names,
        other=lambda d: set(_names(d).items()),
        relation=operator.le,
        breaks=lambda d: put(next(_watched(d))["Dimensions"][0], "Value", "another"),
    ),
    Pair(
        name="the dashboard shows this endpoint and this component",
        one=_shown_names,
        other=lambda d: set(_names(d).items()),
        breaks=_rename_on_dashboard,
    ),
    Pair(
        name="the alarm on fullness is where scaling aims",
        one=lambda d: d.monitoring.alarm("ConcurrentRequestsPerCopy")["Threshold"],
        other=lambda d: d.tracking["TargetValue"],
        breaks=lambda d: put(d.tracking, "TargetValue", 1),
    ),
    Pair(
        name="the dashboard draws the line where scaling aims",
        one=_lines,
        other=lambda d: {d.tracking["TargetValue"]},
        breaks=lambda d: put(d.tracking, "TargetValue", 1),
    ),
    Pair(
        name="waking may take as long as a copy may take to start",
        one=_waking_s,
        other=_startup_s,
        relation=operator.gt,
        breaks=lambda d: put(d.monitoring.alarm("NoCapacityInvocationFailures"), "EvaluationPeriods", 1),
    ),
    Pair(
        name="missing copies are an alarm where copies must run, and only there",
        one=lambda d: [
            a["MetricName"] for a in d.monitoring.all(ALARM).values() if a["TreatMissingData"] == "breaching"
        ],
        other=lambda d: ["MemoryUtilizationNormalized"] if d.target["MinCapacity"] else [],
        breaks=lambda d: put(d.target, "MinCapacity", 1 - min(1, d.target["MinCapacity"])),
    ),
    Pair(
        name="every alarm is announced on the topic",
        one=_announcements,
        other=lambda d: [d.monitoring.ref(TOPIC)] * (2 * len(d.monitoring.all(ALARM))),
        breaks=lambda d: next(iter(d.monitoring.all(ALARM).values()))["OKActions"].clear(),
    ),
    Pair(
        name="the budget is announced on the topic",
        one=_subscribers,
        other=lambda d: [{"SubscriptionType": "SNS", "Address": d.monitoring.ref(TOPIC)}] * 3,
        breaks=lambda d: put(_subscribers(d)[0], "Address", ELSEWHERE),
    ),
    Pair(
        name="the address is told of what is announced",
        one=lambda d: d.monitoring.only("AWS::SNS::Subscription")["TopicArn"],
        other=lambda d: d.monitoring.ref(TOPIC),
        breaks=lambda d: put(d.monitoring.only("AWS::SNS::Subscription"), "TopicArn", ELSEWHERE),
    ),
    Pair(
        name="who may announce may use the topic's key",
        one=lambda d: d.monitoring.only(KEY)["KeyPolicy"]["Statement"][-1]["Principal"],
        other=lambda d: d.monitoring.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"][-1]["Principal"],
        breaks=lambda d: d.monitoring.only(KEY)["KeyPolicy"]["Statement"][-1]["Principal"]["Service"].pop(),
    ),
    Pair(
        name="the topic is encrypted with its key",
        one=lambda d: d.monitoring.only(TOPIC)["KmsMasterKeyId"],
        other=lambda d: d.monitoring.attribute(KEY, "Arn"),
        breaks=lambda d: put(d.monitoring.only(TOPIC), "KmsMasterKeyId", "alias/aws/sns"),
    ),
    Pair(
        name="the logs that are forgotten are those of this endpoint and this component",
        one=lambda d: {retention["LogGroupName"] for retention in d.monitoring.all(RETENTION).values()},
        other=lambda d: {
            f"/aws/sagemaker/Endpoints/{_names(d)['EndpointName']}",
            f"/aws/sagemaker/InferenceComponents/{_names(d)['InferenceComponentName']}",
        },
        breaks=lambda d: put(d.component, "InferenceComponentName", "another"),
    ),
    Pair(
        name="what the engine's log is read for is what is watched and shown",
        one=_logged_names,
        other=_engine_metrics_used,
        breaks=lambda d: put(
            next(iter(d.monitoring.all(FILTER).values()))["MetricTransformations"][0], "MetricName", "Another"
        ),
    ),
    Pair(
        name="the engine's log is the component's",
        one=lambda d: {one["LogGroupName"] for one in d.monitoring.all(FILTER).values()},
        other=lambda d: {f"/aws/sagemaker/InferenceComponents/{_names(d)['InferenceComponentName']}"},
        breaks=lambda d: put(next(iter(d.monitoring.all(FILTER).values())), "LogGroupName", "another"),
    ),
    Pair(
        name="the log is there before it is read",
        one=lambda d: [d.monitoring.document["Resources"][name]["DependsOn"] for name in d.monitoring.all(FILTER)],
        other=lambda d: set(d.monitoring.all(RETENTION)),
        relation=lambda waits, retentions: all(retentions <= set(one) for one in waits),
        breaks=lambda d: d.monitoring.document["Resources"][min(d.monitoring.all(FILTER))]["DependsOn"].clear(),
    ),
    Pair(
        name="the topic and the dashboard that are published are those that there are",
        one=lambda d: (d.monitoring.output("AlarmTopicArn"), d.monitoring.output("DashboardName")),
        other=lambda d: (d.monitoring.ref(TOPIC), d.monitoring.only(DASHBOARD)["DashboardName"]),
        breaks=lambda d: put(d.monitoring.only(DASHBOARD), "DashboardName", "another"),
    ),
)
