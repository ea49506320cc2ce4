"""The monitoring of an endpoint of many: every component is seen and watched, within the limits of CloudWatch.

What it makes of one model alone is in test_monitoring.py.
"""

import json
import re

import pytest

from stacks.context import read_settings
from tests.stacks.test_monitoring import PUBLISHED, metrics_of, of_type, only

QWEN, SMOL = "Qwen/Qwen2.5-0.5B-Instruct", "HuggingFaceTB/SmolLM2-360M-Instruct"
WAY = {
    "stage": "dev",
    "engine": "vllm",
    "monitoring": "true",
    "beside": f"{QWEN},{SMOL}",
    "adapters": "ada=s3://twins/ada.tar.gz,bob=s3://twins/bob.tar.gz",
    "adapter_rank": "8",
}
# With the shortest names about as many as a policy can name.
MANY = WAY | {
    "beside": QWEN,
    "adapters": ",".join(f"{chr(97 + n // 10)}{n % 10}=s3://twins/{n}.tar.gz" for n in range(50)),
    "instance_type": "ml.g6e.2xlarge",
}


@pytest.fixture(scope="module")
def monitor(synthesize):
    """Return the template of the monitoring and its dashboard, with every reference replaced by a word."""

    def run(**changed):
        endpoint = synthesize(**{key: value for key, value in (WAY | changed).items() if value})
        file = endpoint.with_name(endpoint.name.replace("-endpoint.", "-monitoring."))
        template = json.loads(file.read_text(encoding="utf-8"))
        body = only(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
        return template, json.loads("".join(part if isinstance(part, str) else "reference" for part in body))

    return run


@pytest.fixture
def names():
    """The components of the deployment, by what people call them: models, then adapters."""
    settings = read_settings(WAY, {})
    return {
        settings.model.model_id: settings.component_name,
        **{model.model_id: name for name, model in settings.beside_components.items()},
        **{adapter.adapter_id: name for name, adapter in settings.adapter_components.items()},
    }


def lines_of(widget):
    """The metrics of a graph with their names, statistics, components and labels."""
    rows = [row for row in widget["properties"]["metrics"] if row[2:3] == ["InferenceComponentName"]]
    return {(row[0], row[1], row[-1].get("stat", "Average"), row[-1]["label"]): row[3] for row in rows}


def section(dashboard, question):
    """The graphs below a heading."""
    widgets = dashboard["widgets"]
    texts = [n for n, w in enumerate(widgets) if w["type"] == "text"]
    (start,) = (n for n in texts if widgets[n]["properties"]["markdown"].startswith(f"## {question}"))
    end = next((n for n in texts if n > start), len(widgets))
    return {w["properties"]["title"]: w for w in widgets[start + 1 : end]}


def test_each_component_is_a_line_of_the_graphs_that_compare_them(monitor, names):
    _, dashboard = monitor()
    compared = section(dashboard, "Which component is it?")
    models = dict(list(names.items())[:3])
    whose = {"Requests in flight per copy": models, "Copies": models}
    assert set(compared) == {
        "Requests",
        "Failed by the container (5xx)",
        "Without a valid answer",
        "A tenth is slower, seconds",
        *whose,
    }
    for title, widget in compared.items():
        found = lines_of(widget)
        assert {label: component for (*_, label), component in found.items()} == whose.get(title, names), title
        ((namespace, name, statistic),) = {key[:3] for key in found}
        assert statistic in PUBLISHED[namespace, name][1]


def test_a_model_beside_has_its_own_graphs_and_the_four_questions_stay_the_main_ones(monitor, names):
    _, dashboard = monitor()
    main, *beside = list(names)[:3]
    for model in beside:
        (alone,) = {c for w in section(dashboard, f"{model}: ").values() for c in lines_of(w).values()}
        assert alone == names[model]
    assert f"asked of {main}, and then" in json.dumps(dashboard)
    for question in ("Is it fast?", "Is it full?"):
        shown = {c for w in section(dashboard, question).values() for c in lines_of(w).values()}
        assert shown == {names[main]}


def test_with_adapters_alone_only_what_they_have_is_compared(monitor):
    _, dashboard = monitor(beside="")
    assert len(section(dashboard, "Which component is it?")) == 4
    assert "beside" not in json.dumps(dashboard)


def test_requests_for_an_adapter_that_fail_are_announced_by_its_name(monitor, names):
    template, _ = monitor()
    (topic,) = of_type(template, "AWS::SNS::Topic")
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for adapter in ("ada", "bob"):
        its = {n: a for n, a in alarms.items() if names[adapter] in json.dumps(a)}
        assert {metric for _, metric, *_ in metrics_of(its)} == {
            "Invocation5XXErrors",
            "InvocationModelErrors",
            "Invocations",
        }
        for alarm in its.values():
            assert f"requests for adapter {adapter}" in alarm["AlarmDescription"]
            assert re.search(r"First step: .{30,}", alarm["AlarmDescription"])
            assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_of_very_many_adapters_nine_are_watched_in_an_update_and_the_others_are_named(synthesize):
    """SageMaker takes ten alarms."""
    path = synthesize(**MANY)
    bodies = json.loads(path.read_text(encoding="utf-8"))["Resources"].values()
    watched = [
        len(body["Properties"]["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"])
        for body in bodies
        if "DeploymentConfig" in body["Properties"]
    ]
    assert sorted(watched) == [1, 10]
    notes = path.with_name(path.name.replace(".template.", ".metadata.")).read_text(encoding="utf-8")
    assert "for one of the first 9 adapters" in notes
    assert "Not watched in an update: a9, b0, " in notes


def test_the_dashboard_of_very_many_keeps_to_the_limits_of_cloudwatch(monitor):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html."""
    template, dashboard = monitor(**MANY)
    widgets = dashboard["widgets"]
    metrics = [len(widget["properties"].get("metrics", ())) for widget in widgets]
    assert len(widgets) <= 500
    assert max(metrics) <= 500
    assert sum(metrics) <= 2500
    shown = [len(widget["properties"]["alarms"]) for widget in widgets if widget["type"] == "alarm"]
    assert max(shown) <= 100
    assert sum(shown) == len(of_type(template, "AWS::CloudWatch::Alarm"))
    # What is drawn stays readable: the greatest of them.
    compared = section(dashboard, "Which component is it?")
    drawn = [row for row in compared["Requests: the 20 greatest"]["properties"]["metrics"] if row[-1].get("visible", 1)]
    assert [row[0]["expression"] for row in drawn] == ["SORT(METRICS(), MAX, DESC, 20)"]
