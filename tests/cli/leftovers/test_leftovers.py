"""What somebody left in a region of the local AWS, beside things that are not the project's."""

import json
import time

import boto3
import pytest

REGION = "ap-southeast-2"
TAGS = [{"Key": "project", "Value": "llm-twin"}, {"Key": "stage", "Value": "dev"}]
BUCKETS = ("kept-documents", "kept-and-empty", "llm-twinned-documents")


@pytest.fixture(scope="module")
def client(local_aws):
    def make(service):
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106 - nothing checks it
        return session.client(service, endpoint_url=local_aws.endpoint_url)

    return make


@pytest.fixture(scope="module")
def planted(client):
    """One of each kind that can be left, by name or by tag, and a neighbour's of the same kinds."""
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = client("iam").create_role(
        RoleName="planted", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    sagemaker, logs, s3, ec2, elb, ecs, kms, secrets = (
        client(name) for name in ("sagemaker", "logs", "s3", "ec2", "elbv2", "ecs", "kms", "secretsmanager")
    )
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": 2}
    for config, tags in (("made-by-hand", TAGS), ("neighbours", [])):
        sagemaker.create_endpoint_config(
            EndpointConfigName=config, ExecutionRoleArn=role, ProductionVariants=[variant], Tags=tags
        )
    sagemaker.create_endpoint(EndpointName="llm-twin-by-hand", EndpointConfigName="made-by-hand")
    sagemaker.create_endpoint(EndpointName="my-llm-twin", EndpointConfigName="neighbours")
    for group in ("/aws/sagemaker/Endpoints/llm-twin-dev-1a2b3c4d", "/aws/sagemaker/Endpoints/llm-twinned"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        line = {"timestamp": int(time.time() * 1000), "message": "out of memory"}
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[line])
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for bucket in BUCKETS[:2]:
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
    s3.put_object(Bucket=BUCKETS[0], Key="a", Body=b"a")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    for tags in (TAGS, []):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{REGION}.ssm",
            VpcEndpointType="Interface",
            SubnetIds=subnets,
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": tags}] if tags else [],
        )
    for name, tags in (("front", TAGS), ("neighbours", [{"Key": "project", "Value": "other"}])):
        elb.create_load_balancer(Name=name, Subnets=subnets, Scheme="internet-facing", Tags=tags)
    ecs.create_cluster(clusterName="llm-twin-dev-service-Cluster")
    container = {"name": "web", "image": "web:1"}
    ecs.register_task_definition(
        family="web", containerDefinitions=[container], requiresCompatibilities=["FARGATE"], cpu="1024", memory="2048"
    )
    ecs.create_service(cluster="llm-twin-dev-service-Cluster", serviceName="web", taskDefinition="web", desiredCount=0)
    kms.create_key(Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in TAGS])
    kms.create_key()
    for name in ("llm-twin-dev-keys", "llm-twin-dev-old-keys", "neighbours"):
        secrets.create_secret(Name=name, SecretString="{}")
    secrets.delete_secret(SecretId="llm-twin-dev-old-keys", RecoveryWindowInDays=7)
    client("ssm").put_parameter(Name="/llm-twin/dev/EndpointName", Value="gone", Type="String")
    client("cloudwatch").put_dashboard(DashboardName="llm-twin-dev", DashboardBody=json.dumps({"widgets": []}))
    for name in ("TargetTracking-inference-component/llm-twin-dev-1a2b3c4d-llm-AlarmLow-1", "llm-twinned"):
        client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Period=10,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
    yield
    # Buckets are the only ones that other regions see, too.
    s3.delete_object(Bucket=BUCKETS[0], Key="a")
    for bucket in BUCKETS:
        s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def verify(planted, twin, local_environment, monkeypatch):
    """Run `twin down --verify`; gives how it ended."""

    def run(*arguments, region=REGION):
        monkeypatch.setenv("AWS_REGION", region)
        monkeypatch.setenv("AWS_DEFAULT_REGION", region)
        ended = twin("down", "--verify", *arguments)
        assert "Traceback" not in ended.err
        return ended

    return run


def test_each_thing_that_is_left_is_named_with_its_cost_and_the_command_that_removes_it(verify, client):
    ended = verify("--json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["clean"]) == (1, False)
    left = {(one["kind"], one["name"]): one for one in answer["left"]}
    vpc_endpoints = client("ec2").describe_vpc_endpoints(Filters=[{"Name": "tag:project", "Values": ["llm-twin"]}])
    ((endpoint_id),) = (one["VpcEndpointId"] for one in vpc_endpoints["VpcEndpoints"])
    (key,) = (name for kind, name in left if kind == "KMS key")
    logs = "/aws/sagemaker/Endpoints/llm-twin-dev-1a2b3c4d"
    alarm = "TargetTracking-inference-component/llm-twin-dev-1a2b3c4d-llm-AlarmLow-1"
    billed = {
        ("endpoint", "llm-twin-by-hand"): (
            "$2,211.90 a month, and data transfer",
            "aws sagemaker delete-endpoint --endpoint-name llm-twin-by-hand",
        ),
        ("load balancer", "front"): (
            "$23.73 a month, and capacity units, data transfer",
            "aws elbv2 delete-load-balancer",
        ),
        ("VPC endpoint", endpoint_id): ("$14.60 a month, and data passed on", "aws ec2 delete-vpc-endpoints"),
        ("dashboard", "llm-twin-dev"): ("$3.00 a month", "aws cloudwatch delete-dashboards"),
        ("KMS key", key): ("$1.00 a month, and requests", "aws kms schedule-key-deletion"),
        ("secret", "llm-twin-dev-keys"): ("$0.40 a month, and requests", "aws secretsmanager delete-secret"),
        ("alarm", alarm): ("$0.30 a month", "aws cloudwatch delete-alarms"),
        ("log group", logs): (
            "by use, storage: ",
            "aws logs delete-log-group",
        ),
        ("bucket", "kept-documents"): ("by use, storage", "aws s3 rb s3://kept-documents --force"),
        ("ECS service", "web"): (
            "$0.00 a month, and data transfer",
            "aws ecs delete-service --force --cluster llm-twin-dev-service-Cluster --service web",
        ),
    }
    free = {
        ("endpoint configuration", "made-by-hand"): "aws sagemaker delete-endpoint-config",
        ("bucket", "kept-and-empty"): "aws s3 rb",
        ("secret", "llm-twin-dev-old-keys"): "aws secretsmanager delete-secret --force-delete-without-recovery",
        ("ECS cluster", "llm-twin-dev-service-Cluster"): "aws ecs delete-cluster",
        ("parameter", "/llm-twin/dev/EndpointName"): "aws ssm delete-parameter",
    }
    assert {key for key, one in left.items() if one["billable"]} == set(billed)
    assert {key for key, one in left.items() if not one["billable"]} == set(free)
    for thing, (cost, command) in billed.items():
        assert left[thing]["cost"].startswith(cost)
        assert left[thing]["remove"].startswith(command)
    for thing, command in free.items():
        assert left[thing]["cost"].startswith("free")
        assert left[thing]["remove"].startswith(command)
    # The dearest first.
    assert answer["left"][0]["name"] == "llm-twin-by-hand"


def test_one_stage_is_looked_at_alone(verify):
    ended = verify("--stage", "prod")
    assert ended.code == 0
    assert "nothing billable of llm-twin, stage prod is left in ap-southeast-2" in ended.out


def test_options_of_the_look_are_refused_without_it(twin):
    ended = twin("down", "--stage", "dev")
    assert ended.code == 2
    assert "Add --verify" in ended.err
