import json

import pytest

from tests.local.aws.cloudformation.updates import Case, Clients, check, resource, trust

CASES = {
    "topic": Case(
        before=resource(
            "SNS::Topic", DisplayName="old", Subscription=[{"Protocol": "email", "Endpoint": "a@example.org"}]
        ),
        after=resource(
            "SNS::Topic", DisplayName="new", Subscription=[{"Protocol": "email", "Endpoint": "b@example.org"}]
        ),
        seen=lambda c, i: (
            c("sns").get_topic_attributes(TopicArn=i["It"])["Attributes"]["DisplayName"],
            [s["Endpoint"] for s in c("sns").list_subscriptions_by_topic(TopicArn=i["It"])["Subscriptions"]],
        ),
        expected=(("old", ["a@example.org"]), ("new", ["b@example.org"])),
    ),
    "alarm": Case(
        before=resource(
            "CloudWatch::Alarm",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
        ),
        after=resource(
            "CloudWatch::Alarm",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=2.5,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
        ),
        seen=lambda c, i: c("cloudwatch").describe_alarms(AlarmNames=[i["It"]])["MetricAlarms"][0]["Threshold"],
        expected=(1.0, 2.5),
    ),
    "dashboard": Case(
        before=resource("CloudWatch::Dashboard", DashboardName="updated", DashboardBody='{"widgets":[]}'),
        after=resource("CloudWatch::Dashboard", DashboardName="updated", DashboardBody='{"widgets":[{"type":"text"}]}'),
        seen=lambda c, i: len(
            json.loads(c("cloudwatch").get_dashboard(DashboardName=i["It"])["DashboardBody"])["widgets"]
        ),
        expected=(0, 1),
    ),
    "metric-filter": Case(
        beside={"Group": resource("Logs::LogGroup", LogGroupName="read")},
        before=resource(
            "Logs::MetricFilter",
            LogGroupName={"Ref": "Group"},
            FilterPattern="old",
            MetricTransformations=[{"MetricNamespace": "n", "MetricName": "m", "MetricValue": "1"}],
        ),
        after=resource(
            "Logs::MetricFilter",
            LogGroupName={"Ref": "Group"},
            FilterPattern="new",
            MetricTransformations=[{"MetricNamespace": "n", "MetricName": "m", "MetricValue": "1"}],
        ),
        seen=lambda c, i: [
            one["filterPattern"] for one in c("logs").describe_metric_filters(logGroupName="read")["metricFilters"]
        ],
        expected=(["old"], ["new"]),
    ),
    "cluster": Case(
        before=resource("ECS::Cluster", ClusterSettings=[{"Name": "containerInsights", "Value": "disabled"}]),
        after=resource("ECS::Cluster", ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}]),
        seen=lambda c, i: c("ecs").describe_clusters(clusters=[i["It"]], include=["SETTINGS"])["clusters"][0][
            "settings"
        ][0]["value"],
        expected=("disabled", "enabled"),
    ),
    "service": Case(
        beside={
            "Cluster": resource("ECS::Cluster"),
            "Task": resource("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "a", "Image": "b", "Memory": 64}]),
        },
        before=resource("ECS::Service", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"}, DesiredCount=1),
        after=resource("ECS::Service", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"}, DesiredCount=3),
        seen=lambda c, i: c("ecs").describe_services(cluster=i["Cluster"], services=[i["It"]])["services"][0][
            "desiredCount"
        ],
        expected=(1, 3),
    ),
    "budget": Case(
        before=resource(
            "Budgets::Budget",
            Budget={"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 10, "Unit": "USD"}},
        ),
        after=resource(
            "Budgets::Budget",
            Budget={"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 20, "Unit": "USD"}},
        ),
        seen=lambda c, i: c("budgets").describe_budget(AccountId="123456789012", BudgetName=i["It"])["Budget"][
            "BudgetLimit"
        ]["Amount"],
        expected=("10", "20"),
    ),
    "function": Case(
        beside={"Role": resource("IAM::Role", AssumeRolePolicyDocument=trust("lambda"))},
        before=resource(
            "Lambda::Function",
            Role={"Fn::GetAtt": ["Role", "Arn"]},
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": "def handler(*_): 1"},
            Timeout=3,
        ),
        after=resource(
            "Lambda::Function",
            Role={"Fn::GetAtt": ["Role", "Arn"]},
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": "def handler(*_): 1"},
            Timeout=30,
        ),
        seen=lambda c, i: c("lambda").get_function_configuration(FunctionName=i["It"])["Timeout"],
        expected=(3, 30),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_second_deployment_changes_what_the_api_shows(client: Clients, case: Case) -> None:
    check(client, case)
