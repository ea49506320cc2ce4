"""A name that somebody else's resource has: the deployment fails, and its rollback leaves that one alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "Statistic": "Sum",
}
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.mark.parametrize(
    ("type_", "properties", "make", "is_there"),
    [
        (
            "AWS::S3::Bucket",
            {"BucketName": "names-taken"},
            lambda c: c("s3").create_bucket(Bucket="names-taken"),
            lambda c: "names-taken" in [bucket["Name"] for bucket in c("s3").list_buckets()["Buckets"]],
        ),
        (
            "AWS::SNS::Topic",
            {"TopicName": "names-taken"},
            lambda c: c("sns").create_topic(Name="names-taken"),
            lambda c: any(topic["TopicArn"].endswith(":names-taken") for topic in c("sns").list_topics()["Topics"]),
        ),
        (
            "AWS::CloudWatch::Alarm",
            {"AlarmName": "names-taken", **ALARM},
            lambda c: c("cloudwatch").put_metric_alarm(AlarmName="names-taken", **ALARM),
            lambda c: bool(c("cloudwatch").describe_alarms(AlarmNames=["names-taken"])["MetricAlarms"]),
        ),
        (
            "AWS::CloudWatch::Dashboard",
            {"DashboardName": "names-taken", "DashboardBody": "{}"},
            lambda c: c("cloudwatch").put_dashboard(DashboardName="names-taken", DashboardBody="{}"),
            lambda c: bool(c("cloudwatch").list_dashboards(DashboardNamePrefix="names-taken")["DashboardEntries"]),
        ),
        (
            "AWS::ECS::Cluster",
            {"ClusterName": "names-taken"},
            lambda c: c("ecs").create_cluster(clusterName="names-taken"),
            lambda c: any(arn.endswith("/names-taken") for arn in c("ecs").list_clusters()["clusterArns"]),
        ),
        (
            "AWS::IAM::Role",
            {"RoleName": "names-taken", "AssumeRolePolicyDocument": TRUST},
            lambda c: c("iam").create_role(RoleName="names-taken", AssumeRolePolicyDocument=json.dumps(TRUST)),
            lambda c: "names-taken" in [role["RoleName"] for role in c("iam").list_roles()["Roles"]],
        ),
        (
            "AWS::Logs::LogGroup",
            {"LogGroupName": "names-taken"},
            lambda c: c("logs").create_log_group(logGroupName="names-taken"),
            lambda c: bool(c("logs").describe_log_groups(logGroupNamePrefix="names-taken")["logGroups"]),
        ),
        (
            "AWS::SSM::Parameter",
            {"Name": "/names/taken", "Type": "String", "Value": "mine"},
            lambda c: c("ssm").put_parameter(Name="/names/taken", Type="String", Value="theirs"),
            lambda c: c("ssm").get_parameter(Name="/names/taken")["Parameter"]["Value"] == "theirs",
        ),
        (
            "AWS::SecretsManager::Secret",
            {"Name": "names-taken", "SecretString": "mine"},
            lambda c: c("secretsmanager").create_secret(Name="names-taken", SecretString="theirs"),
            lambda c: c("secretsmanager").get_secret_value(SecretId="names-taken")["SecretString"] == "theirs",
        ),
    ],
)
def test_a_taken_name_fails_and_the_other_stays(
    client: Callable[[str], Any],
    type_: str,
    properties: dict[str, Any],
    make: Callable[[Any], object],
    is_there: Callable[[Any], bool],
) -> None:
    make(client)
    cloudformation = client("cloudformation")
    stack_id = cloudformation.create_stack(
        StackName=f"taken-{type_.split('::')[2]}",
        TemplateBody=json.dumps({"Resources": {"It": {"Type": type_, "Properties": properties}}}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["StackId"]
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
    reason = next(event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert "HandlerErrorCode: AlreadyExists" in reason, reason
    assert cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    assert is_there(client)
