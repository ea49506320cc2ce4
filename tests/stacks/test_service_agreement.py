"""What must agree inside the service's template, and between it and the endpoint's, for every stage."""

import json

import pytest

from stacks.context import read_settings
from stacks.service_environment import PORT

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


def test_one_port_from_the_container_to_the_target_group(service_resource, container, environment):
    (mapping,) = container["PortMappings"]
    (registered,) = service_resource(SERVICE)[1]["LoadBalancers"]
    name, group = service_resource(GROUP)
    assert mapping["ContainerPort"] == registered["ContainerPort"] == group["Port"] == PORT
    assert environment["TWIN_SERVICE_PORT"] == str(PORT)
    assert f":{PORT}/" in container["HealthCheck"]["Command"][-1]
    assert (registered["ContainerName"], registered["TargetGroupArn"]) == (container["Name"], {"Ref": name})


def test_health_is_asked_in_the_same_place_by_both_and_is_not_the_model_s(service_resource, container):
    path = service_resource(GROUP)[1]["HealthCheckPath"]
    assert path == "/healthz"
    assert container["HealthCheck"]["Command"][-1].count(f"{path}'") == 1


def test_a_task_is_given_the_same_time_to_start_by_both(service_resource, container):
    assert service_resource(SERVICE)[1]["HealthCheckGracePeriodSeconds"] == container["HealthCheck"]["StartPeriod"]


def test_the_listener_sends_to_the_group_of_the_service(service_resource):
    (action,) = service_resource(LISTENER)[1]["DefaultActions"]
    assert action["TargetGroupArn"] == {"Ref": service_resource(GROUP)[0]}


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


def test_documents_and_keys_are_where_the_service_looks(service_resource, environment):
    bucket = {"Ref": service_resource(BUCKET)[0]}
    assert environment["TWIN_SERVICE_STORE"] == {"Fn::Join": ["", ["s3://", bucket, "/knowledge"]]}
    assert environment["TWIN_SERVICE_API_KEYS_SECRET"] == {"Ref": service_resource(SECRET)[0]}


def test_the_endpoint_is_found_where_its_stack_publishes_it(template, environment):
    names = [b["Properties"]["Name"] for b in template["Resources"].values() if b["Type"] == "AWS::SSM::Parameter"]
    assert {name.rpartition("/")[0] for name in names} == {environment["TWIN_SERVICE_ENDPOINT_SSM_PATH"]}


def test_the_word_of_the_network_that_the_load_balancer_stands_in_is_taken(service_resource, environment):
    assert environment["TWIN_SERVICE_TRUSTED_PROXIES"] == service_resource("AWS::EC2::VPC")[1]["CidrBlock"]


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


def test_output_goes_to_the_log_that_forgets(service_resource, container):
    options = container["LogConfiguration"]["Options"]
    assert options["awslogs-group"] == {"Ref": service_resource("AWS::Logs::LogGroup")[0]}


def test_a_deployment_that_does_not_come_up_goes_back_and_takes_no_task_away_before(service_resource):
    deployment = service_resource(SERVICE)[1]["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)


def test_the_number_of_tasks_is_left_to_scaling(service_resource, settings):
    assert "DesiredCount" not in service_resource(SERVICE)[1]
    _, target = service_resource(TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (settings.service.min_tasks, settings.service.max_tasks)


def test_the_scaling_target_is_the_service(service_resource):
    parts = service_resource(TARGET)[1]["ResourceId"]["Fn::Join"][1]
    service = {"Fn::GetAtt": [service_resource(SERVICE)[0], "Name"]}
    assert parts == ["service/", {"Ref": service_resource("AWS::ECS::Cluster")[0]}, "/", service]


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


def test_all_tasks_together_admit_no_more_than_the_endpoint_at_its_largest(template, environment, settings):
    (model,) = (b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::SageMaker::Model")
    told = model["PrimaryContainer"]["Environment"]
    # By TGI's name, or by vLLM's.
    per_copy = int(told.get("MAX_CONCURRENT_REQUESTS") or told["SM_VLLM_MAX_NUM_SEQS"])
    admitted = settings.service.max_tasks * int(environment["TWIN_SERVICE_MAX_ANSWERS"])
    assert admitted <= settings.max_copies * per_copy


def test_outputs_and_parameters_have_the_same_values(service_template, stage):
    parameters = [b["Properties"] for b in service_template["Resources"].values() if b["Type"] == "AWS::SSM::Parameter"]
    assert {p["Name"]: p["Value"] for p in parameters} == {
        f"/llm-twin/{stage}/{key}": output["Value"] for key, output in service_template["Outputs"].items()
    }


def test_the_outputs_name_what_there_is(service_template, service_resource):
    values = {key: output["Value"] for key, output in service_template["Outputs"].items()}
    dns_name = {"Fn::GetAtt": [service_resource(BALANCER)[0], "DNSName"]}
    assert values == {
        "ServiceUrl": {"Fn::Join": ["", ["http://", dns_name]]},
        "LoadBalancerDnsName": dns_name,
        "KnowledgeBucketName": {"Ref": service_resource(BUCKET)[0]},
        "ApiKeysSecretArn": {"Ref": service_resource(SECRET)[0]},
    }


def test_an_address_is_published_when_the_service_is_up(service_template, service_resource):
    service = service_resource(SERVICE)[0]
    for body in service_template["Resources"].values():
        if body["Type"] == "AWS::SSM::Parameter":
            assert service in body["DependsOn"]


def test_no_key_of_the_outputs_is_the_endpoint_s_too(template, service_template):
    assert not template["Outputs"].keys() & service_template["Outputs"].keys()


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
