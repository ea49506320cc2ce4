"""Stacks in every state of their lives."""

import json
import time

import pytest

from tests.cli.diagnosis.planted import stack_of, template

MISSING = {"environment": {"HF_MODEL_ID": "acme/none"}}


def test_what_was_never_deployed_ends_with_4(diagnose):
    code, found = diagnose("nowhere")
    assert code == 4
    assert "llm-twin-nowhere-endpoint was never deployed" in found["error"]["message"]


def test_where_several_are_deployed_a_stage_has_to_be_named(aws, diagnose, twin):
    ended = twin("diagnose")
    assert ended.code == 2
    assert stack_of("healthy") in ended.err
    assert "--stage" in ended.err


def test_a_project_of_another_name_is_found_by_it(aws, diagnose, twin):
    aws.cloudformation.create_stack(
        StackName="ada-dev-endpoint",
        TemplateBody=template("ada", instance="ml.m5.large"),
        Capabilities=["CAPABILITY_IAM"],
    )
    ended = twin("diagnose", "--name", "ada", "--json")
    assert ended.code in {11, 12}
    assert json.loads(ended.out)["stack"] == "ada-dev-endpoint"
    assert twin("diagnose", "--name", "bob").code == 4
    shown = json.loads(twin("status", "--name", "ada", "--json").out)
    assert [one["stack"] for one in shown["deployments"]] == ["ada-dev-endpoint"]


@pytest.mark.parametrize("command", [("status",), ("ask", "Who?"), ("smoke",), ("serve", "--no-keys"), ("cost",)])
def test_of_a_project_that_is_not_deployed_every_command_says_so(aws, diagnose, twin, command):
    ended = twin(*command, "--name", "bob")
    assert ended.code == 4
    assert "of bob is deployed in this account and region" in ended.err


def test_a_failure_is_explained_after_the_stack_was_deleted(aws, diagnose):
    aws.create("deleted", **MISSING)
    aws.settled("deleted")
    aws.cloudformation.delete_stack(StackName=stack_of("deleted"))
    code, found = diagnose("deleted")
    assert (code, found["stack_status"], found["cause"]["name"]) == (10, "DELETE_COMPLETE", "model-not-found")
    assert any(piece["source"].startswith("log ") for piece in found["evidence"])


def test_what_was_destroyed_in_health_is_not_deployed(aws, diagnose):
    aws.create("destroyed")
    assert aws.settled("destroyed") == "CREATE_COMPLETE"
    aws.cloudformation.delete_stack(StackName=stack_of("destroyed"))
    code, found = diagnose("destroyed")
    assert (code, found["verdict"]) == (4, "not-deployed")


def test_a_deployment_in_progress_has_no_cause_yet(aws, diagnose, hub):
    aws.create("starting", environment={"HF_MODEL_ID": "slow/model", "HF_ENDPOINT": hub})
    code, found = diagnose("starting")
    assert (code, found["verdict"], found["cause"]) == (12, "in-progress", None)
    assert found["stack_status"] == "CREATE_IN_PROGRESS"


def test_a_failure_in_words_that_no_cause_has_is_shown_and_not_explained(aws, diagnose):
    aws.create("unexplained", instance="ml.m5.large")
    assert aws.settled("unexplained") == "ROLLBACK_COMPLETE"
    code, found = diagnose("unexplained")
    assert (code, found["verdict"], found["cause"]) == (11, "unexplained", None)
    assert "ml.m5.large" in found["evidence"][0]["text"]


def test_a_deletion_that_failed_is_explained(aws, diagnose):
    role = json.loads(template("stuck"))["Resources"]["Role"]
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "stuck"}}
    aws.cloudformation.create_stack(
        StackName=stack_of("stuck"),
        TemplateBody=json.dumps({"Resources": {"Role": role, "Bucket": bucket}}),
        Capabilities=["CAPABILITY_IAM"],
    )
    assert aws.settled("stuck") == "CREATE_COMPLETE"
    aws.client("s3").put_object(Bucket="stuck", Key="a", Body=b"a")
    aws.cloudformation.delete_stack(StackName=stack_of("stuck"))
    assert aws.settled("stuck") == "DELETE_FAILED"
    code, found = diagnose("stuck")
    assert (code, found["cause"]["name"]) == (10, "not-deleted")
    assert "stack event of Bucket" in found["evidence"][0]["source"]
    assert "may be billed" in found["notes"][0]


@pytest.fixture
def serving(aws, request):
    """A healthy stack of the test's own."""
    name = f"serving-{request.node.name.replace('_', '-')[-40:]}"
    aws.create(name)
    assert aws.settled(name) == "CREATE_COMPLETE"
    return name


def test_a_rollback_that_left_everything_in_service_is_noticed(aws, diagnose, serving):
    assert aws.update(serving, **MISSING) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.sagemaker.describe_endpoint(EndpointName=f"Twin-{serving}")["EndpointStatus"] == "InService"
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "model-not-found")
    assert "acme/none" in found["cause"]["explanation"]
    assert found["notes"][0].startswith("The last update is not live")
    # A later update that goes through clears it.
    assert aws.update(serving, max_instances=3) == "UPDATE_COMPLETE"
    assert diagnose(serving)[0] == 0


def test_an_update_that_no_container_was_begun_for_says_nothing_of_containers(aws, diagnose, serving):
    assert aws.update(serving, s3_uri="s3://no-such-bucket/weights/") == "UPDATE_ROLLBACK_COMPLETE"
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "missing-weights")
    assert "CloudWatch Logs" not in [piece["source"] for piece in found["evidence"]]


def test_an_endpoint_that_went_back_to_another_configuration_is_noticed(aws, diagnose, serving):
    endpoint = f"Twin-{serving}"
    name = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    given = {key: config[key] for key in ("ProductionVariants", "ExecutionRoleArn")}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=f"{serving}-before", **given)
    aws.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=f"{serving}-before")
    wait_until(lambda: aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService")
    code, found = diagnose(serving)
    assert (code, found["stack_status"]) == (10, "CREATE_COMPLETE")
    assert found["cause"]["name"] == "endpoint-on-another-configuration"
    assert f"{serving}-before" in found["evidence"][0]["text"]


def test_an_update_that_only_sagemaker_rolled_back_is_explained(aws, diagnose, serving):
    component = f"Llm-{serving}"
    described = aws.sagemaker.describe_inference_component(InferenceComponentName=component)
    specification = {
        "Container": {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:2"},
        "ComputeResourceRequirements": described["Specification"]["ComputeResourceRequirements"],
    }
    aws.sagemaker.update_inference_component(InferenceComponentName=component, Specification=specification)
    wait_until(lambda: "FailureReason" in aws.sagemaker.describe_inference_component(InferenceComponentName=component))
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "bad-image")
    assert found["evidence"][0]["source"] == f"FailureReason of inference component {component}"
    assert found["notes"] == ["The stack says CREATE_COMPLETE, and is not what it says."]


def test_a_model_that_was_deleted_by_hand_is_missed(aws, diagnose, serving):
    described = aws.sagemaker.describe_inference_component(InferenceComponentName=f"Llm-{serving}")
    model = described["Specification"]["ModelName"]
    aws.sagemaker.delete_model(ModelName=model)
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "endpoint-gone")
    assert found["evidence"][0]["source"] == f"model {model}"


def test_a_component_that_was_deleted_by_hand_is_missed(aws, diagnose, serving):
    component = f"Llm-{serving}"
    aws.sagemaker.delete_inference_component(InferenceComponentName=component)
    wait_until(lambda: not aws.sagemaker.list_inference_components(NameContains=component)["InferenceComponents"])
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "endpoint-gone")
    assert component in found["evidence"][0]["source"]
    # Who deploys over it ends where nothing goes forth or back.
    assert aws.update(serving, environment={"MAX_BATCH_SIZE": "4"}) == "UPDATE_ROLLBACK_FAILED"
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "endpoint-gone")
    assert f"continue-update-rollback --stack-name {stack_of(serving)}" in found["notes"][0]


def test_a_component_without_copies_is_asleep_and_healthy(aws, diagnose, serving):
    component = f"Llm-{serving}"
    aws.sagemaker.update_inference_component_runtime_config(
        InferenceComponentName=component, DesiredRuntimeConfig={"CopyCount": 0}
    )
    wait_until(
        lambda: (
            aws.sagemaker.describe_inference_component(InferenceComponentName=component)["InferenceComponentStatus"]
            == "InService"
        )
    )
    code, found = diagnose(serving)
    assert (code, found["verdict"]) == (0, "healthy")
    assert "scaled to zero" in found["notes"][0]


def test_what_scaling_did_before_the_last_deployment_says_nothing_of_it(aws, diagnose, serving):
    aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"inference-component/Llm-{serving}",
        ScalableDimension="sagemaker:inference-component:DesiredCopyCount",
        MinCapacity=2,
        MaxCapacity=2,
    )
    component = {"InferenceComponentName": f"Llm-{serving}"}
    wait_until(
        lambda: aws.sagemaker.describe_inference_component(**component)["RuntimeConfig"]["CurrentCopyCount"] == 2
    )
    wait_until(
        lambda: aws.sagemaker.describe_inference_component(**component)["InferenceComponentStatus"] == "InService"
    )
    code, found = diagnose(serving)
    assert (code, [piece["source"].partition(" of ")[0] for piece in found["evidence"]]) == (0, ["scaling activity"])
    assert aws.update(serving, max_instances=3) == "UPDATE_COMPLETE"
    assert diagnose(serving)[1]["evidence"] == []


def test_a_service_that_was_not_deployed_beside_a_healthy_endpoint_is_noticed(aws, diagnose, serving):
    service = f"{stack_of(serving).removesuffix('-endpoint')}-service"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "Not-A-Name"}}
    aws.cloudformation.create_stack(StackName=service, TemplateBody=json.dumps({"Resources": {"Documents": bucket}}))
    wait_until(
        lambda: aws.cloudformation.describe_stacks(StackName=service)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    )
    code, found = diagnose(serving)
    assert (code, found["cause"]["name"]) == (10, "stack-beside-failed")
    assert f"{service} beside it is ROLLBACK_COMPLETE" in found["cause"]["explanation"]
    assert found["evidence"][0]["source"] == "stack event of Documents (AWS::S3::Bucket)"
    aws.cloudformation.delete_stack(StackName=service)
    aws.cloudformation.get_waiter("stack_delete_complete").wait(StackName=service, WaiterConfig={"Delay": 1})
    assert diagnose(serving)[0] == 0


def wait_until(condition, timeout_s=20):
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
