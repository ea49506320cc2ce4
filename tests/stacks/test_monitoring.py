"""The monitoring stack: what it watches is what the endpoint's stack makes, and every alarm says why and what first."""

import json
import re

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.context import read_settings
from stacks.errors import NotAllowedError
from stacks.log_retention import RETENTION_DAYS

# Metric to dimensions, as the documentation lists them:
# https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
COMPONENT = ("InferenceComponentName",)
VARIANT = ("EndpointName", "VariantName")
PUBLISHED = {
    ("AWS/SageMaker", "ConcurrentRequestsPerCopy"): (COMPONENT, {"Minimum", "Maximum"}),
    ("AWS/SageMaker", "Invocation4XXErrors"): (COMPONENT, {"Sum"}),
    ("AWS/SageMaker", "Invocation5XXErrors"): (COMPONENT, {"Sum"}),
    ("AWS/SageMaker", "InvocationModelErrors"): (COMPONENT, {"Sum"}),
    ("AWS/SageMaker", "Invocations"): (COMPONENT, {"Sum"}),
    ("AWS/SageMaker", "ModelLatency"): (COMPONENT, {"p50", "p90", "p99"}),
    ("AWS/SageMaker", "NoCapacityInvocationFailures"): (COMPONENT, {"Sum"}),
    ("AWS/SageMaker", "OverheadLatency"): (COMPONENT, {"Average", "Maximum"}),
    ("/aws/sagemaker/Endpoints", "MemoryUtilization"): (VARIANT, {"SampleCount"}),
    ("/aws/sagemaker/InferenceComponents", "CPUUtilizationNormalized"): (COMPONENT, {"Average"}),
    ("/aws/sagemaker/InferenceComponents", "GPUMemoryUtilizationNormalized"): (COMPONENT, {"Maximum"}),
    ("/aws/sagemaker/InferenceComponents", "GPUUtilizationNormalized"): (COMPONENT, {"Average"}),
    ("/aws/sagemaker/InferenceComponents", "MemoryUtilizationNormalized"): (COMPONENT, {"Maximum", "SampleCount"}),
}


@pytest.fixture(scope="session")
def monitoring_files(service_files):
    """Beside the service, which is not watched: the template is the one without it."""
    return {
        stage: file.with_name(file.name.replace("-service.", "-monitoring.")) for stage, file in service_files.items()
    }


@pytest.fixture
def monitoring_file(monitoring_files, stage):
    return monitoring_files[stage]


@pytest.fixture
def monitoring(monitoring_file):
    return json.loads(monitoring_file.read_text(encoding="utf-8"))


@pytest.fixture
def endpoint(monitoring_file):
    file = monitoring_file.with_name(monitoring_file.name.replace("-monitoring.", "-endpoint."))
    return json.loads(file.read_text(encoding="utf-8"))


def of_type(template, resource_type):
    return {n: b["Properties"] for n, b in template["Resources"].items() if b["Type"] == resource_type}


def only(template, resource_type):
    (found,) = of_type(template, resource_type).values()
    return found


@pytest.fixture
def alarms(monitoring):
    return of_type(monitoring, "AWS::CloudWatch::Alarm")


@pytest.fixture
def names(endpoint):
    """The dimensions of the endpoint that is deployed beside it."""
    component = only(endpoint, "AWS::SageMaker::InferenceComponent")
    return {
        "EndpointName": only(endpoint, "AWS::SageMaker::Endpoint")["EndpointName"],
        "VariantName": component["VariantName"],
        "InferenceComponentName": component["InferenceComponentName"],
    }


@pytest.fixture
def dashboard(monitoring):
    """The dashboard with every reference replaced by a word."""
    body = only(monitoring, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else "reference" for part in body))


def metrics_of(alarms):
    """Namespace, name, statistic and dimensions of everything that an alarm watches."""
    for alarm in alarms.values():
        for entry in [alarm] if "MetricName" in alarm else alarm["Metrics"]:
            metric = entry.get("MetricStat", {}).get("Metric", entry)
            if "MetricName" in metric:
                statistic = entry.get("MetricStat", {}).get("Stat") or entry.get(
                    "ExtendedStatistic", entry.get("Statistic")
                )
                dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
                yield metric["Namespace"], metric["MetricName"], statistic, dimensions


def shown_metrics(dashboard):
    for widget in dashboard["widgets"]:
        for row in widget["properties"].get("metrics", ()):
            if isinstance(row[0], str):
                namespace, name, *dimensions, options = row
                yield (
                    namespace,
                    name,
                    options.get("stat", "Average"),
                    dict(zip(dimensions[::2], dimensions[1::2], strict=True)),
                )


def test_the_template_is_the_one_that_was_reviewed(monitoring, snapshot):
    assert monitoring == snapshot.use_extension(JSONSnapshotExtension)


def test_cfn_lint_finds_nothing(monitoring_files):
    # The function of CDK's own waits for its role and names it, too.
    config = ManualArgs(regions=["us-east-1"], ignore_checks=["W3005"])
    assert [str(f) for f in lint(monitoring_files["prod"].read_text(encoding="utf-8"), config=config)] == []


def test_what_is_watched_and_shown_is_what_sagemaker_publishes_of_this_endpoint(alarms, dashboard, names):
    found = [
        one for one in (*metrics_of(alarms), *shown_metrics(dashboard)) if one[0].lower().lstrip("/").startswith("aws/")
    ]
    assert {(namespace, name) for namespace, name, *_ in found} == PUBLISHED.keys()
    for namespace, name, statistic, dimensions in found:
        keys, statistics = PUBLISHED[namespace, name]
        assert statistic in statistics, name
        assert dimensions == {key: names[key] for key in keys}, name


def test_every_alarm_has_a_reason_and_a_first_step_and_is_announced(monitoring, alarms):
    (topic,) = of_type(monitoring, "AWS::SNS::Topic")
    for name, alarm in alarms.items():
        reason, _, first_step = alarm["AlarmDescription"].partition("First step: ")
        assert len(reason) > 30, name
        assert len(first_step) > 30, name
        assert len(alarm["AlarmDescription"]) <= 1024, name
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}], name


def test_the_dashboard_answers_four_questions_and_shows_every_alarm(dashboard, alarms):
    texts = [w["properties"]["markdown"] for w in dashboard["widgets"] if w["type"] == "text"]
    questions = [re.match(r"## (.*\?)", text)[1] for text in texts]
    assert questions == ["Is it healthy?", "Is it fast?", "Is it full?", "What does it cost?"]
    (shown,) = (w["properties"]["alarms"] for w in dashboard["widgets"] if w["type"] == "alarm")
    assert len(shown) == len(alarms)


def test_only_cloudwatch_and_budgets_announce_and_only_over_tls(monitoring):
    (topic,) = of_type(monitoring, "AWS::SNS::Topic")
    (key,) = of_type(monitoring, "AWS::KMS::Key")
    plain, publish = only(monitoring, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert (plain["Effect"], plain["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert publish["Principal"] == {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert publish["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert of_type(monitoring, "AWS::SNS::Topic")[topic]["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    _, use = of_type(monitoring, "AWS::KMS::Key")[key]["KeyPolicy"]["Statement"]
    assert (use["Principal"], use["Condition"]) == (publish["Principal"], publish["Condition"])


def test_the_one_address_is_told_of_alarms_and_of_the_budget(monitoring):
    (topic,) = of_type(monitoring, "AWS::SNS::Topic")
    email = only(monitoring, "AWS::SNS::Subscription")
    assert (email["Protocol"], email["Endpoint"], email["TopicArn"]) == ("email", "ops@example.com", {"Ref": topic})
    budget = only(monitoring, "AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 2000, "Unit": "USD"}
    alerts = budget["NotificationsWithSubscribers"]
    assert {(a["Notification"]["Threshold"], a["Notification"]["NotificationType"]) for a in alerts} == {
        (80, "ACTUAL"),
        (100, "ACTUAL"),
        (100, "FORECASTED"),
    }
    assert all(a["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": topic}}] for a in alerts)


def test_the_logs_of_the_containers_are_kept_for_as_long_as_is_set(monitoring, names, stage):
    kept = of_type(monitoring, "Custom::LogRetention").values()
    assert {group["LogGroupName"]: group["RetentionInDays"] for group in kept} == dict.fromkeys(
        (
            f"/aws/sagemaker/Endpoints/{names['EndpointName']}",
            f"/aws/sagemaker/InferenceComponents/{names['InferenceComponentName']}",
        ),
        {"local": 7, "dev": 30, "prod": 365}[stage],
    )


def test_the_endpoint_is_the_same_with_it_and_imports_nothing(endpoint, monitoring_file, synthesize, stage):
    assert endpoint == json.loads(synthesize(stage=stage).read_text(encoding="utf-8"))
    assert "ImportValue" not in monitoring_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_no_stage_has_it_unless_it_is_asked_for(name):
    assert not read_settings({"stage": name}, {}).monitoring.enabled


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"monitoring": "yes"}, "monitoring is 'yes'. Allowed: true, false."),
        (
            {"monitoring_email": "a@b.de"},
            "monitoring_email is 'a@b.de'. Allowed: only beside monitoring=true, which adds the alarms.",
        ),
        ({"monitoring": "true", "monitoring_email": "me"}, "monitoring_email is 'me'. Allowed: one e-mail address."),
        (
            {"monitoring": "true", "monitoring_email": "a@b.de", "monitoring_budget_usd": "0"},
            "monitoring_budget_usd is 0. Allowed: 1 or more.",
        ),
        (
            {"monitoring": "true", "monitoring_budget_usd": "100"},
            "monitoring_budget_usd is 100. Allowed: only beside monitoring_email, which is told.",
        ),
        ({"monitoring": "true", "monitoring_slow_answer_s": "0"}, "monitoring_slow_answer_s is 0. Allowed: 1 or more."),
        (
            {"monitoring": "true", "monitoring_log_retention_days": "8"},
            f"monitoring_log_retention_days is 8. Allowed: {', '.join(map(str, RETENTION_DAYS))}.",
        ),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_with_what_is(context, message):
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read_settings(context, {})
