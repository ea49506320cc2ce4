"""What the service's template says, for every stage. What in it must agree with what is a table (agreement/)."""

import json

import pytest

from stacks.context import read_settings

TASK = "AWS::ECS::TaskDefinition"
SERVICE = "AWS::ECS::Service"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
BUCKET = "AWS::S3::Bucket"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


@pytest.fixture
def settings(stage):
    return read_settings({"stage": stage}, {})


@pytest.fixture
def container(service_resource):
    (container,) = service_resource(TASK)[1]["ContainerDefinitions"]
    return container


@pytest.fixture
def environment(container):
    return {variable["Name"]: variable["Value"] for variable in container["Environment"]}


@pytest.fixture
def policies(service_template):
    found = [b["Properties"] for b in service_template["Resources"].values() if b["Type"].endswith("::ScalingPolicy")]
    return {
        config["PredefinedMetricSpecification"]["PredefinedMetricType"]: (policy["ScalingTargetId"], config)
        for policy in found
        if (config := policy["TargetTrackingScalingPolicyConfiguration"])
    }


def attributes(properties, key):
    return {attribute["Key"]: attribute["Value"] for attribute in properties[key]}


def test_health_is_asked_in_the_same_place_by_both_and_is_not_the_model_s(service_resource, container):
    path = service_resource(GROUP)[1]["HealthCheckPath"]
    assert path == "/healthz"
    assert container["HealthCheck"]["Command"][-1].count(f"{path}'") == 1


def test_a_stream_is_not_cut_by_the_load_balancer_nor_by_a_deployment(service_resource, container, environment):
    answer_s = int(environment["TWIN_SERVICE_ANSWER_TIMEOUT_S"])
    idle_s = int(attributes(service_resource(BALANCER)[1], "LoadBalancerAttributes")["idle_timeout.timeout_seconds"])
    group = attributes(service_resource(GROUP)[1], "TargetGroupAttributes")
    assert answer_s < idle_s <= 4000
    assert int(group["deregistration_delay.timeout_seconds"]) == answer_s
    assert int(environment["TWIN_SERVICE_SHUTDOWN_GRACE_S"]) < container["StopTimeout"] <= 120


def test_requests_go_to_the_task_with_the_fewest(service_resource):
    group = attributes(service_resource(GROUP)[1], "TargetGroupAttributes")
    assert group["load_balancing.algorithm.type"] == "least_outstanding_requests"


def test_a_task_can_write_to_one_folder_and_keeps_there_what_it_must_write(service_resource, container, environment):
    (volume,) = service_resource(TASK)[1]["Volumes"]
    (mount,) = container["MountPoints"]
    assert volume == {"Name": mount["SourceVolume"]}
    assert mount["ReadOnly"] is False
    assert environment["TWIN_SERVICE_SPOOL_FOLDER"].startswith(f"{mount['ContainerPath']}/")


def test_a_container_is_confined(container):
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True}
    assert int(container["User"].split(":")[0]) > 0
    assert not container.get("Privileged")


def test_a_deployment_that_does_not_come_up_goes_back_and_takes_no_task_away_before(service_resource):
    deployment = service_resource(SERVICE)[1]["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)


def test_the_number_of_tasks_is_left_to_scaling(service_resource, settings):
    assert "DesiredCount" not in service_resource(SERVICE)[1]
    _, target = service_resource(TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (settings.service.min_tasks, settings.service.max_tasks)


def test_scaling_counts_the_requests_of_the_group_against_what_a_task_admits(
    service_resource, policies, environment, settings
):
    target, answers = policies["ALBRequestCountPerTarget"]
    assert target == policies["ECSServiceAverageCPUUtilization"][0] == {"Ref": service_resource(TARGET)[0]}
    label = json.dumps(answers["PredefinedMetricSpecification"]["ResourceLabel"])
    assert service_resource(LISTENER)[0] in label
    assert service_resource(GROUP)[0] in label
    at_once = answers["TargetValue"] * settings.service.typical_answer_s / 60
    assert 0 < at_once <= int(environment["TWIN_SERVICE_MAX_ANSWERS"])


def test_the_outputs_name_what_there_is(service_template, service_resource):
    values = {key: output["Value"] for key, output in service_template["Outputs"].items()}
    dns_name = {"Fn::GetAtt": [service_resource(BALANCER)[0], "DNSName"]}
    assert values == {
        "ServiceUrl": {"Fn::Join": ["", ["http://", dns_name]]},
        "LoadBalancerDnsName": dns_name,
        "KnowledgeBucketName": {"Ref": service_resource(BUCKET)[0]},
        "ApiKeysSecretArn": {"Ref": service_resource(SECRET)[0]},
    }


def test_everything_that_can_be_tagged_says_project_and_stage(service_template, stage):
    wanted = {"project": "llm-twin", "stage": stage}
    untaggable = {
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::S3::BucketPolicy",
    }
    for name, body in service_template["Resources"].items():
        if body["Type"] not in untaggable:
            tags = body["Properties"]["Tags"]
            tags = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            assert tags.items() >= wanted.items(), name
