from typing import Any

import pytest

from local.aws.cloudformation.errors import CloudFormationError
from tests.local.aws.cloudformation.lab import COMPONENT, Lab, events_of, history, model, resources, topic

ROLE, OTHER_ROLE = "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/s"


def made(lab: Lab) -> dict[str, Any]:
    return {
        id_: properties.get("DisplayName", properties.get("ExecutionRoleArn"))
        for id_, properties in lab.provider.made.items()
    }


def test_a_changed_property_is_changed_in_place(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic("old"), Other=topic()))
    lab.provider.take_calls()
    stack = lab.deploy(resources(Topic=topic("new"), Other=topic()))
    assert lab.provider.take_calls() == ["update Topic"]
    assert history(stack)[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert events_of(stack, "Topic")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert stack.resources["Topic"].physical_id == "Topic-1"


def test_a_create_only_property_takes_a_new_resource_and_the_old_goes_afterwards(lab: Lab) -> None:
    template = resources(Model=model(ROLE), User=topic({"Fn::GetAtt": ["Model", "ModelArn"]}))
    lab.deploy(template)
    lab.provider.take_calls()
    stack = lab.deploy(resources(Model=model(OTHER_ROLE), User=template["Resources"]["User"]))
    assert lab.provider.take_calls() == ["create Model", "update User", "delete Model"]
    assert history(stack)[-3:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert made(lab) == {"Model-2": OTHER_ROLE, "User-1": "arn:model:Model-2"}


def test_an_added_and_a_removed_resource(lab: Lab) -> None:
    lab.deploy(resources(Old=topic("o"), Kept=topic()))
    stack = lab.deploy(resources(New=topic("n"), Kept=topic()))
    assert set(stack.resources) == {"New", "Kept"}
    assert lab.provider.take_calls()[-2:] == ["create New", "delete Old"]


def test_removed_resources_go_in_the_reverse_of_the_order_they_were_made_in(lab: Lab) -> None:
    lab.deploy(resources(Kept=topic(), A=topic(), B=topic({"Ref": "A"}), C=topic({"Ref": "B"})))
    lab.provider.take_calls()
    lab.deploy(resources(Kept=topic()))
    assert lab.provider.take_calls() == ["delete C", "delete B", "delete A"]


def test_what_an_update_leaves_over_is_kept_where_its_policy_says_so(lab: Lab) -> None:
    lab.deploy(
        resources(Model=model(ROLE, UpdateReplacePolicy="Retain"), Old=topic(DeletionPolicy="Retain"), Kept=topic())
    )
    stack = lab.deploy(resources(Model=model(OTHER_ROLE, UpdateReplacePolicy="Retain"), Kept=topic()))
    assert len([id_ for id_ in lab.provider.made if id_.startswith("Model")]) == 2
    assert any(id_.startswith("Old") for id_ in lab.provider.made)
    assert events_of(stack, "Old")[-1] == "DELETE_SKIPPED"
    assert stack.status == "UPDATE_COMPLETE"


def test_what_cannot_be_cleaned_up_does_not_fail_the_update(lab: Lab) -> None:
    lab.deploy(resources(Old=topic(), Kept=topic()))
    lab.provider.fails = {"delete Old": "it is in use"}
    stack = lab.deploy(resources(Kept=topic()))
    assert stack.status == "UPDATE_COMPLETE"
    assert events_of(stack, "Old")[-1] == "DELETE_FAILED"


def test_a_failed_update_puts_every_changed_resource_back(lab: Lab) -> None:
    before = resources(
        Changed=topic("old"),
        Replaced=model(ROLE),
        Removed=topic("r"),
        Fails=topic("f", DependsOn=["Changed", "Replaced"]),
    )
    lab.deploy(before)
    was = made(lab)
    lab.provider.take_calls()
    lab.provider.fails = {"create New": "there is no room"}
    after = resources(
        Changed=topic("new"),
        Replaced=model(OTHER_ROLE),
        Added=topic("a"),
        New=topic("n", DependsOn=["Changed", "Replaced", "Added"]),
    )
    stack = lab.deploy(after)
    assert history(stack)[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert made(lab) == was
    assert stack.definition is not None
    assert set(stack.resources) == set(before["Resources"]) == set(stack.definition.template.resources)
    assert stack.resources["Replaced"].physical_id in was
    assert sorted(lab.provider.take_calls()[-3:]) == ["delete Added", "delete Replaced", "update Changed"]


def test_after_a_rollback_the_same_stack_can_be_updated_again(lab: Lab) -> None:
    lab.deploy(resources(Model=model(ROLE), Topic=topic("old")))
    lab.provider.fails = {"update Topic": "no"}
    stack = lab.deploy(resources(Model=model(OTHER_ROLE), Topic=topic("new", DependsOn="Model")))
    assert stack.status == "UPDATE_ROLLBACK_FAILED"  # the way back goes through the same failing call
    lab.provider.fails = {}
    lab.cloudformation.continue_update_rollback("stack", skip=frozenset())
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert lab.deploy(resources(Model=model(OTHER_ROLE), Topic=topic("new"))).status == "UPDATE_COMPLETE"
    assert sorted(made(lab).values()) == sorted([OTHER_ROLE, "new"])


def test_a_resource_can_be_skipped_in_a_rollback_that_failed(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic("old")))
    lab.provider.fails = {"update Topic": "never again"}
    lab.deploy(resources(Topic=topic("new")))
    stack = lab.cloudformation.continue_update_rollback("stack", skip=frozenset({"Topic"}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.events[2].status_reason == "Resource skipped during UpdateRollback"


def test_a_failed_replacement_keeps_the_old_resource(lab: Lab) -> None:
    lab.deploy(resources(Model=model(ROLE)))
    lab.provider.half_makes = {"Model"}
    stack = lab.deploy(resources(Model=model(OTHER_ROLE)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert made(lab) == {"Model-1": ROLE}


def test_without_rollback_a_failed_update_stays_and_the_next_one_goes_on(lab: Lab) -> None:
    lab.deploy(resources(Model=model(ROLE), Topic=topic("old")))
    lab.provider.fails = {"update Topic": "no"}
    after = resources(Model=model(OTHER_ROLE), Topic=topic("new", DependsOn="Model"))
    stack = lab.deploy(after, roll_back=False)
    assert stack.status == "UPDATE_FAILED"
    assert len(lab.provider.made) == 3  # the replaced model is still there, should it be wanted back
    lab.provider.fails = {}
    assert lab.deploy(after, roll_back=False).status == "UPDATE_COMPLETE"
    assert made(lab) == {"Model-2": OTHER_ROLE, "Topic-1": "new"}


def test_a_failed_update_without_rollback_can_be_rolled_back_later(lab: Lab) -> None:
    lab.deploy(resources(Model=model(ROLE), Topic=topic("old")))
    was = made(lab)
    lab.provider.fails = {"create New": "no"}
    stack = lab.deploy(
        resources(Model=model(OTHER_ROLE), Topic=topic("new"), New=topic(DependsOn=["Model", "Topic"])), roll_back=False
    )
    lab.cloudformation.roll_back_stack("stack", retain_except_on_create=True)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert made(lab) == was


def test_a_custom_named_resource_cannot_be_replaced_without_a_new_name(lab: Lab) -> None:
    named = {"Type": "AWS::SageMaker::Model", "Properties": {"ModelName": "twin", "ExecutionRoleArn": ROLE}}
    lab.deploy(resources(Model=named))
    stack = lab.deploy(resources(Model={**named, "Properties": {"ModelName": "twin", "ExecutionRoleArn": OTHER_ROLE}}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    reason = next(event.status_reason for event in stack.events if event.status == "UPDATE_FAILED")
    assert reason == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename twin and update the stack again."
    )
    assert len(lab.provider.made) == 1


def test_a_component_that_moves_to_another_endpoint_is_changed_in_place_as_in_aws(lab: Lab) -> None:
    def component(endpoint: str) -> dict[str, Any]:
        return {"Type": COMPONENT, "Properties": {"EndpointName": endpoint, "Specification": {"ModelName": "m"}}}

    lab.deploy(resources(Component=component("one")))
    lab.provider.take_calls()
    lab.deploy(resources(Component=component("two")))
    assert lab.provider.take_calls() == ["update Component"]


def test_a_resource_cannot_change_its_type(lab: Lab) -> None:
    lab.deploy(resources(Thing=topic()))
    with pytest.raises(CloudFormationError, match=r"modifies resource type of the following resources: \[Thing\]"):
        lab.deploy(resources(Thing=model()))


def test_a_changed_systems_manager_parameter_is_a_change_of_the_stack(lab: Lab) -> None:
    ssm = lab.aws.client("ssm", account_id="123456789012", region="us-east-1")
    ssm.put_parameter(Name="/update/name", Value="one", Type="String", Overwrite=True)
    template = resources(Topic=topic("{{resolve:ssm:/update/name}}"))
    template["Parameters"] = {"Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/update/name"}}
    template["Resources"]["Other"] = topic({"Ref": "Name"})
    lab.deploy(template)
    ssm.put_parameter(Name="/update/name", Value="two", Type="String", Overwrite=True)
    lab.deploy(template)
    assert sorted(made(lab).values()) == ["two", "two"]


def test_tags_of_the_stack_alone_are_a_change(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic()), tags={"stage": "a"})
    stack = lab.deploy(resources(Topic=topic()), tags={"stage": "b"})
    assert stack.resources["Topic"].properties["Tags"] == [{"Key": "stage", "Value": "b"}]
