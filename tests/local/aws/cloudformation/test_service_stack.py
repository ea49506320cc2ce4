"""A whole service stack as the CDK writes it (network, Fargate, load balancer, bucket, alarms): made and gone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = (Path(__file__).parent / "templates" / "service_stack.json").read_text()
REGION = "eu-west-1"  # of its own, so that what other tests make is not counted

# What lists a kind of resource: service, call, the member that holds the list.
_LISTS = [
    ("budgets", "describe_budgets", "Budgets"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
    ("cloudwatch", "list_dashboards", "DashboardEntries"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_flow_logs", "FlowLogs"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_nat_gateways", "NatGateways"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ecs", "list_clusters", "clusterArns"),
    ("ecs", "list_task_definitions", "taskDefinitionArns"),
    ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("elbv2", "describe_target_groups", "TargetGroups"),
    ("iam", "list_roles", "Roles"),
    ("kms", "list_aliases", "Aliases"),
    ("lambda", "list_functions", "Functions"),
    ("logs", "describe_log_groups", "logGroups"),
    ("s3", "list_buckets", "Buckets"),
    ("secretsmanager", "list_secrets", "SecretList"),
    ("sns", "list_subscriptions", "Subscriptions"),
    ("sns", "list_topics", "Topics"),
]


@pytest.fixture(scope="module")
def here(client: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda service: client(service, region=REGION)


def counts(here: Callable[[str], Any]) -> dict[str, int]:
    arguments = {"describe_budgets": {"AccountId": "123456789012"}}
    return {
        f"{service} {call}": len(getattr(here(service), call)(**arguments.get(call, {}))[member])
        for service, call, member in _LISTS
    }


@pytest.fixture(scope="module")
def deployed(here: Callable[[str], Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """The resources of the deployed stack by logical id; after the tests the stack goes, and nothing of it is left."""
    before = counts(here)
    cloudformation = here("cloudformation")
    stack_id = cloudformation.create_stack(
        StackName="service-stack", TemplateBody=TEMPLATE, Capabilities=["CAPABILITY_IAM"]
    )["StackId"]
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack_id, WaiterConfig={"Delay": 1})
    found = cloudformation.describe_stack_resources(StackName=stack_id)["StackResources"]
    bucket = next(r["PhysicalResourceId"] for r in found if r["ResourceType"] == "AWS::S3::Bucket")
    here("s3").put_object(Bucket=bucket, Key="documents/a.md", Body=b"text")
    yield {resource["LogicalResourceId"]: resource for resource in found}
    cloudformation.delete_stack(StackName=stack_id)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_id, WaiterConfig={"Delay": 1})
    assert counts(here) == before


def physical_id(deployed: dict[str, dict[str, Any]], type_: str) -> str:
    return next(str(r["PhysicalResourceId"]) for r in deployed.values() if r["ResourceType"] == type_)


def test_every_resource_of_the_template_is_made(deployed: dict[str, dict[str, Any]]) -> None:
    assert set(deployed) == set(json.loads(TEMPLATE)["Resources"])
    assert {resource["ResourceStatus"] for resource in deployed.values()} == {"CREATE_COMPLETE"}


def test_the_bucket_has_every_setting_of_the_template(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    s3, bucket = here("s3"), physical_id(deployed, "AWS::S3::Bucket")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    rule = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert (rule["Expiration"]["Days"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]) == (30, 3)
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"] == "logs/"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        statement.get("Condition") for statement in policy["Statement"]
    ]
    assert s3.get_object(Bucket=bucket, Key="documents/a.md")["Body"].read() == b"text"


def test_the_network_leads_where_the_template_says(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    ec2, vpc = here("ec2"), physical_id(deployed, "AWS::EC2::VPC")
    for attribute in ("enableDnsHostnames", "enableDnsSupport"):
        described = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert described[attribute[0].upper() + attribute[1:]]["Value"] is True
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ways_out = [
        next(iter(set(route) & {"GatewayId", "NatGatewayId"}))
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]
    assert sorted(ways_out) == ["GatewayId", "GatewayId", "NatGatewayId", "NatGatewayId"]
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    assert sorted(endpoint["VpcEndpointType"] for endpoint in endpoints) == ["Gateway", "Interface"]
    default = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    )
    group = default["SecurityGroups"][0]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def test_one_security_group_may_reach_the_other(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    groups = here("ec2").describe_security_groups(
        GroupIds=[r["PhysicalResourceId"] for r in deployed.values() if r["ResourceType"] == "AWS::EC2::SecurityGroup"]
    )["SecurityGroups"]
    rules_out = [pair for group in groups for rule in group["IpPermissionsEgress"] for pair in rule["UserIdGroupPairs"]]
    rules_in = [pair for group in groups for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]]
    assert len(rules_out) == len(rules_in) == 1
    assert rules_out[0]["GroupId"] != rules_in[0]["GroupId"]


def test_the_service_runs_behind_its_load_balancer(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    elb = here("elbv2")
    balancer = physical_id(deployed, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {
        a["Key"]: a["Value"] for a in elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    }
    assert attributes["idle_timeout.timeout_seconds"] == "120"
    group = elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"][0]
    assert group["HealthCheckPath"] == "/healthz"
    cluster = physical_id(deployed, "AWS::ECS::Cluster")
    service = here("ecs").describe_services(cluster=cluster, services=[physical_id(deployed, "AWS::ECS::Service")])[
        "services"
    ][0]
    assert (service["desiredCount"], service["launchType"]) == (1, "FARGATE")
    assert service["loadBalancers"][0]["targetGroupArn"] == group["TargetGroupArn"]
    task = here("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    container = task["containerDefinitions"][0]
    assert container["environment"] == [{"name": "A", "value": "b"}]
    assert container["logConfiguration"]["options"]["awslogs-group"] in {
        r["PhysicalResourceId"] for r in deployed.values()
    }


def test_roles_hold_what_the_template_grants(deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]) -> None:
    iam = here("iam")
    role = next(
        r["PhysicalResourceId"]
        for id_, r in deployed.items()
        if id_.startswith("SvcTaskDefTaskRole") and "Policy" not in id_
    )
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=names[0])["PolicyDocument"]
    assert "s3:GetObject*" in document["Statement"][0]["Action"]
    functions_role = next(
        r["PhysicalResourceId"]
        for id_, r in deployed.items()
        if id_.startswith("CustomS3AutoDelete") and r["ResourceType"] == "AWS::IAM::Role"
    )
    attached = iam.list_attached_role_policies(RoleName=functions_role)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSLambdaBasicExecutionRole"]


def test_a_secret_is_generated_as_the_template_says(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    value = here("secretsmanager").get_secret_value(SecretId=physical_id(deployed, "AWS::SecretsManager::Secret"))
    secret = json.loads(value["SecretString"])
    assert (secret["u"], len(secret["k"]), secret["k"].isalnum()) == ("x", 40, True)


def test_an_alarm_tells_the_topic_and_the_topic_its_subscriber(
    deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]
) -> None:
    topic = physical_id(deployed, "AWS::SNS::Topic")
    alarm = here("cloudwatch").describe_alarms()["MetricAlarms"][0]
    assert (alarm["AlarmActions"], alarm["Statistic"], alarm["Threshold"]) == ([topic], "Sum", 1.0)
    assert here("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["Endpoint"] == "a@example.org"
    policy = json.loads(here("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_key_rotates_and_has_its_alias(deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]) -> None:
    key = physical_id(deployed, "AWS::KMS::Key")
    assert here("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    assert here("kms").list_aliases(KeyId=key)["Aliases"][0]["AliasName"] == "alias/service-stack"


def test_exports_are_listed_for_other_stacks(deployed: dict[str, dict[str, Any]], here: Callable[[str], Any]) -> None:
    exports = {export["Name"]: export["Value"] for export in here("cloudformation").list_exports()["Exports"]}
    assert exports["service-stack-bucket"] == physical_id(deployed, "AWS::S3::Bucket")
