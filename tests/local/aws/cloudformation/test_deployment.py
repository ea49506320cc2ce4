import threading

import pytest

from local.aws.cloudformation.deployment import FailurePolicy
from local.aws.cloudformation.errors import CloudFormationError
from tests.local.aws.cloudformation.lab import Lab, events_of, history, model, resources, topic


def test_a_stack_is_created_in_the_order_of_its_references(lab: Lab) -> None:
    template = resources(
        Last=topic({"Fn::Sub": "${Middle.TopicName}"}),
        Middle=topic({"Ref": "First"}),
        First=topic(),
        AfterAll=topic("x", DependsOn=["Last"]),
    )
    stack = lab.deploy(template)
    assert stack.status == "CREATE_COMPLETE"
    assert lab.provider.take_calls() == ["create First", "create Middle", "create Last", "create AfterAll"]
    assert stack.resources["Middle"].properties["DisplayName"] == "First-1"
    assert stack.resources["Last"].properties["DisplayName"] == "Middle-1"


def test_the_history_reads_as_cloudformations(lab: Lab) -> None:
    stack = lab.deploy(resources(Topic=topic()))
    assert history(stack) == ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert events_of(stack, "Topic") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    times = [event.timestamp for event in stack.events]
    assert times == sorted(times, reverse=True)
    assert len({int(time.timestamp() * 1000) for time in times}) == len(times)


def test_resources_that_need_nothing_of_each_other_are_made_at_the_same_time(lab: Lab) -> None:
    gate = threading.Event()
    lab.provider.gates = {"Slow": gate}
    template = resources(Slow=topic(), Quick=topic(), Quicker=topic())
    deploying = threading.Thread(target=lab.deploy, args=(template,))
    deploying.start()
    while sorted(lab.provider.calls) != ["create Quick", "create Quicker"]:
        pass
    gate.set()
    deploying.join()


def test_conditions_decide_what_is_made(lab: Lab) -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Always": topic({"Fn::If": ["IsProd", "big", {"Ref": "AWS::NoValue"}]}),
            "OnlyProd": topic(Condition="IsProd"),
            "After": topic(DependsOn="OnlyProd"),
        },
        "Outputs": {"Prod": {"Condition": "IsProd", "Value": {"Ref": "OnlyProd"}}, "All": {"Value": {"Ref": "Always"}}},
    }
    local = lab.deploy(template, name="local", parameters={"Stage": "local"})
    prod = lab.deploy(template, name="prod", parameters={"Stage": "prod"})
    assert set(local.resources) == {"Always", "After"}
    assert local.resources["Always"].properties == {}
    assert [output.key for output in local.outputs] == ["All"]
    assert set(prod.resources) == {"Always", "OnlyProd", "After"}


def test_outputs_are_texts_of_what_was_made(lab: Lab) -> None:
    template = resources(Topic=topic())
    template["Outputs"] = {
        "Arn": {"Value": {"Fn::GetAtt": ["Topic", "TopicArn"]}, "Description": "its ARN"},
        "Where": {"Value": {"Fn::Sub": "${AWS::Region}/${AWS::AccountId}/${AWS::StackName}/${AWS::Partition}"}},
    }
    outputs = {output.key: output.value for output in lab.deploy(template).outputs}
    assert outputs == {"Arn": "arn:topic:Topic-1", "Where": "us-east-1/123456789012/stack/aws"}


def test_a_failed_creation_takes_back_what_it_made(lab: Lab) -> None:
    lab.provider.fails = {"create Second": "there is no room"}
    stack = lab.deploy(resources(First=topic(), Second=topic({"Ref": "First"}), Third=topic({"Ref": "Second"})))
    assert history(stack)[1:] == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert stack.events[0].status_reason is None
    reasons = [event.status_reason for event in stack.events if event.status == "ROLLBACK_IN_PROGRESS"]
    assert reasons == ["The following resource(s) failed to create: [Second]. Rollback requested by user."]
    assert [e.status_reason for e in stack.events if e.status == "CREATE_FAILED"] == ["there is no room"]
    assert events_of(stack, "Third") == []
    assert lab.provider.made == {}


def test_a_rollback_deletes_what_failed_half_made(lab: Lab) -> None:
    lab.provider.half_makes = {"Endpoint"}
    stack = lab.deploy(resources(Endpoint=topic()))
    assert events_of(stack, "Endpoint") == [
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    assert lab.provider.made == {}


def test_a_rollback_that_cannot_delete_is_failed_and_deletion_can_be_tried_again(lab: Lab) -> None:
    lab.provider.fails = {"create Second": "no", "delete First": "it is in use"}
    stack = lab.deploy(resources(First=topic(), Second=topic({"Ref": "First"})))
    assert stack.status == "ROLLBACK_FAILED"
    assert stack.status_reason == "The following resource(s) failed to delete: [First]. "
    lab.provider.fails = {}
    lab.delete()
    assert stack.status == "DELETE_COMPLETE"
    assert lab.provider.made == {}


def test_a_stack_of_a_failed_creation_can_be_created_again_only_after_its_deletion(lab: Lab) -> None:
    lab.provider.fails = {"create Topic": "no"}
    lab.deploy(resources(Topic=topic()))
    lab.provider.fails = {}
    with pytest.raises(CloudFormationError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        lab.deploy(resources(Topic=topic()))
    lab.delete()
    assert lab.deploy(resources(Topic=topic())).status == "CREATE_COMPLETE"


def test_a_retained_resource_survives_the_rollback_of_its_creation_as_in_aws(lab: Lab) -> None:
    lab.provider.fails = {"create Second": "no"}
    template = resources(
        Kept=topic(DeletionPolicy="Retain"),
        Gone=topic(DeletionPolicy="RetainExceptOnCreate"),
        Second=topic(DependsOn=["Kept", "Gone"]),
    )
    stack = lab.deploy(template)
    assert events_of(stack, "Kept")[-1] == "DELETE_SKIPPED"
    assert events_of(stack, "Gone")[-1] == "DELETE_COMPLETE"
    assert list(lab.provider.made) == [next(id_ for id_ in lab.provider.made if id_.startswith("Kept"))]


def test_on_failure_delete_leaves_no_stack(lab: Lab) -> None:
    lab.provider.fails = {"create Topic": "no"}
    stack = lab.create(resources(Topic=topic()), FailurePolicy(delete_after_rollback=True))
    assert stack.status == "DELETE_COMPLETE"
    assert lab.cloudformation.stacks.find("stack") is None


def test_without_rollback_a_failed_creation_stays_and_can_go_on(lab: Lab) -> None:
    template = resources(First=topic(), Second=topic({"Ref": "First"}))
    lab.provider.fails = {"create Second": "not yet"}
    stack = lab.deploy(template, roll_back=False)
    assert (stack.status, stack.resources["First"].status) == ("CREATE_FAILED", "CREATE_COMPLETE")
    lab.provider.fails = {}
    lab.provider.take_calls()
    assert lab.deploy(template, roll_back=False).status == "UPDATE_COMPLETE"
    assert lab.provider.take_calls() == ["create Second"]


def test_without_rollback_what_was_half_made_is_cleared_away_before_it_is_made_again(lab: Lab) -> None:
    lab.provider.half_makes = {"Topic"}
    stack = lab.deploy(resources(Topic=topic()), roll_back=False)
    assert stack.status == "CREATE_FAILED"
    lab.provider.half_makes = set()
    lab.deploy(resources(Topic=topic()), roll_back=False)
    assert lab.provider.take_calls() == ["create Topic", "delete Topic", "create Topic"]
    assert list(lab.provider.made) == ["Topic-2"]


def test_what_was_half_made_and_cannot_be_cleared_away_fails_the_next_attempt_too(lab: Lab) -> None:
    lab.provider.half_makes = {"Topic"}
    lab.deploy(resources(Topic=topic()), roll_back=False)
    lab.provider.half_makes, lab.provider.fails = set(), {"delete Topic": "it is in use"}
    stack = lab.deploy(resources(Topic=topic()), roll_back=False)
    assert (stack.status, stack.status_reason) == (
        "UPDATE_FAILED",
        "The following resource(s) failed to create: [Topic]",
    )
    assert list(lab.provider.made) == ["Topic-1"]


def test_a_failed_creation_without_rollback_can_be_rolled_back_later(lab: Lab) -> None:
    lab.provider.fails = {"create Second": "no"}
    stack = lab.deploy(resources(First=topic(), Second=topic({"Ref": "First"})), roll_back=False)
    lab.cloudformation.roll_back_stack("stack", retain_except_on_create=True)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert lab.provider.made == {}


def test_properties_are_checked_again_as_each_resource_is_made(lab: Lab) -> None:
    template = resources(Model={"Type": "AWS::SageMaker::Model", "Properties": {"ExecutionRole": "x", "Tags": "none"}})
    stack = lab.create(template)
    reason = next(event.status_reason for event in stack.events if event.status == "CREATE_FAILED")
    assert reason is not None
    assert reason.startswith("Properties validation failed for resource Model with message:\n[#")
    assert "#: extraneous key [ExecutionRole] is not permitted" in reason
    assert "#/Tags: expected type: Array, found: String" in reason
    assert lab.provider.take_calls() == []


def test_a_fault_of_a_provider_fails_its_resource_and_not_the_engine(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise KeyError("Endpoint")

    monkeypatch.setattr(lab.provider, "create", fault)
    stack = lab.deploy(resources(Topic=topic()))
    assert stack.status == "ROLLBACK_COMPLETE"
    reason = next(event.status_reason for event in stack.events if event.status == "CREATE_FAILED")
    assert reason == "Internal failure of the local AWS: KeyError: 'Endpoint' (its log holds the traceback)"


def test_the_stacks_tags_reach_the_resources_that_have_tags(lab: Lab) -> None:
    template = resources(Topic={"Type": "AWS::SNS::Topic", "Properties": {"Tags": [{"Key": "own", "Value": "1"}]}})
    template["Resources"]["Parameter"] = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
    stack = lab.deploy(template, tags={"stage": "local", "own": "2"})
    assert stack.resources["Topic"].properties["Tags"] == [
        {"Key": "own", "Value": "1"},
        {"Key": "stage", "Value": "local"},
    ]
    assert stack.resources["Parameter"].properties["Tags"] == {"stage": "local", "own": "2"}


def test_values_reach_a_provider_in_the_type_of_its_schema(lab: Lab) -> None:
    template = resources(Topic={"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": "true", "TopicName": 7}})
    stack = lab.deploy(template)
    assert stack.resources["Topic"].properties == {"FifoTopic": True, "TopicName": "7"}


def test_a_secret_reaches_its_provider_and_stays_out_of_the_stack(lab: Lab) -> None:
    secrets = lab.aws.client("secretsmanager", account_id="123456789012", region="us-east-1")
    secrets.create_secret(Name="deployment-test", SecretString='{"token": "hush"}')
    reference = "{{resolve:secretsmanager:deployment-test:SecretString:token}}"
    stack = lab.deploy(resources(Topic=topic(reference)))
    assert lab.provider.made["Topic-1"]["DisplayName"] == "hush"
    assert stack.resources["Topic"].properties["DisplayName"] == reference
    assert all("hush" not in str(event) for event in stack.events)


def test_a_generated_name_fits_the_type_and_differs_each_time(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    create = lab.provider.create
    monkeypatch.setattr(
        lab.provider, "create", lambda request: (names.append(request.generated_name), create(request))[1]
    )
    lab.deploy(resources(**{f"Model{'x' * 60}{i}": model() for i in range(3)}), name="a-stack-with-a-name")
    assert len(set(names)) == 3
    assert all(len(name) <= 63 and name.startswith("a-stack-with-a-name-Model") for name in names)
