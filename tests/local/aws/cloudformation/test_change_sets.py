import json
from typing import Any

import pytest

from local.aws.cloudformation.change_set import ChangeSet
from local.aws.cloudformation.descriptions import describe_change_set
from local.aws.cloudformation.errors import CloudFormationError, InvalidChangeSetStatusError
from tests.local.aws.cloudformation.lab import Lab, model, resources, topic

ROLE, OTHER_ROLE = "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/s"


def changes(change_set: ChangeSet) -> dict[str, dict[str, Any]]:
    described = describe_change_set(change_set, with_values=True)["Changes"]
    return {change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"] for change in described}


def test_a_change_set_of_a_new_stack_adds_everything(lab: Lab) -> None:
    change_set = lab.change_set(resources(A=topic(), B=topic({"Ref": "A"})))
    assert {name: change["Action"] for name, change in changes(change_set).items()} == {"A": "Add", "B": "Add"}
    assert change_set.stack.status == "REVIEW_IN_PROGRESS"
    assert lab.provider.take_calls() == []


def test_a_change_in_place_is_listed_with_both_values(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic("old")))
    change = changes(lab.change_set(resources(Topic=topic("new"))))["Topic"]
    assert (change["Action"], change["Replacement"], change["Scope"]) == ("Modify", "False", ["Properties"])
    target = change["Details"][0]["Target"]
    assert (target["Name"], target["BeforeValue"], target["AfterValue"]) == ("DisplayName", "old", "new")
    assert target["RequiresRecreation"] == "Never"


def test_a_replacement_is_listed_with_all_that_follows_from_it(lab: Lab) -> None:
    user = topic({"Fn::GetAtt": ["Model", "ModelArn"]})
    lab.deploy(resources(Model=model(ROLE), User=user, Other=topic()))
    found = changes(lab.change_set(resources(Model=model(OTHER_ROLE), User=user, Other=topic())))
    assert set(found) == {"Model", "User"}
    assert (found["Model"]["Replacement"], found["Model"]["PolicyAction"]) == ("True", "ReplaceAndDelete")
    detail = found["User"]["Details"][0]
    assert (detail["Evaluation"], detail["CausingEntity"]) == ("Dynamic", "Model")
    assert "{{changeSet:KNOWN_AFTER_APPLY}}" in found["User"]["AfterContext"]


def test_a_removal_is_listed_with_what_becomes_of_the_resource(lab: Lab) -> None:
    lab.deploy(resources(Gone=topic(), Left=topic(DeletionPolicy="Retain"), Kept=topic()))
    found = changes(lab.change_set(resources(Kept=topic())))
    assert {name: (c["Action"], c["PolicyAction"]) for name, c in found.items()} == {
        "Gone": ("Remove", "Delete"),
        "Left": ("Remove", "Retain"),
    }


def test_metadata_and_policies_are_changes_that_touch_no_resource(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic()))
    lab.provider.take_calls()
    change_set = lab.change_set(resources(Topic=topic(Metadata={"a": 1}, DeletionPolicy="Retain")))
    assert changes(change_set)["Topic"]["Scope"] == ["Metadata", "DeletionPolicy"]
    lab.cloudformation.execute_change_set(change_set, disable_rollback=None, retain_except_on_create=False)
    assert lab.provider.take_calls() == []
    lab.delete()
    assert lab.provider.made != {}


def test_a_template_without_changes_fails_in_the_words_that_the_cdk_looks_for(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic()))
    change_set = lab.change_set(json.dumps(resources(Topic=topic()), indent=2))
    assert change_set.status == "FAILED"
    assert change_set.status_reason is not None
    assert change_set.status_reason.startswith("The submitted information didn't contain changes.")
    with pytest.raises(InvalidChangeSetStatusError, match=r"current status of \[FAILED\]"):
        lab.cloudformation.execute_change_set(change_set, disable_rollback=None, retain_except_on_create=False)


def test_an_output_alone_is_a_change_without_resources(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic()))
    change_set = lab.change_set({**resources(Topic=topic()), "Outputs": {"New": {"Value": "1"}}})
    assert (change_set.status, change_set.plan.changes) == ("CREATE_COMPLETE", ())


def test_wrong_properties_are_all_found_before_anything_is_made(lab: Lab) -> None:
    template = resources(
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "x", "FifoTopic": "perhaps"}},
        Model=model({"Ref": "Topic"}, Condition="Never"),
        Component={
            "Type": "AWS::SageMaker::InferenceComponent",
            "Properties": {"InferenceComponentName": {"Ref": "Topic"}},
        },
    )
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    change_set = lab.change_set(template)
    assert change_set.status == "FAILED"
    assert "AWS::EarlyValidation::PropertyValidation" in str(change_set.status_reason)
    found = {(event.path, event.reason) for event in change_set.validation_events}
    assert ("/Resources/Topic/Properties", "Unsupported property [DisplayNam]") in found
    assert ("/Resources/Topic/Properties/FifoTopic", "Expected type: Boolean, found: String") in found
    assert ("/Resources/Component/Properties", "Required property [EndpointName] not found") in found
    assert not any("Model" in path for path, _ in found)


def test_values_that_are_not_known_yet_are_not_held_against_a_property(lab: Lab) -> None:
    template = resources(
        Topic=topic(),
        Model=model({"Fn::GetAtt": ["Topic", "TopicArn"]}),
        Component={
            "Type": "AWS::SageMaker::InferenceComponent",
            "Properties": {
                "InferenceComponentName": {"Fn::GetAtt": ["Topic", "TopicName"]},
                "EndpointName": {"Ref": "Topic"},
                "Specification": {"ModelName": {"Fn::GetAtt": ["Model", "ModelName"]}},
                "Tags": [{"Key": "a", "Value": {"Ref": "Topic"}}],
            },
        },
    )
    assert lab.change_set(template).status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (resources(A={"Type": "AWS::Braket::Job"}), r"Unrecognized resource types: \[AWS::Braket::Job\]"),
        (resources(A={"Type": "AWS::S3::AccessPoint"}), "AWS has AWS::S3::AccessPoint; the local AWS does not"),
        (resources(A={"Type": "Custom::AWS"}), "Custom::AWS: the local AWS runs no Lambda functions"),
        (resources(A=topic({"Ref": "B"}), B=topic({"Ref": "A"})), r"Circular dependency between resources: \[A, B\]"),
        (
            resources(A=topic({"Fn::GetAtt": ["B", "Nonsense"]}), B=topic()),
            "B does not support attribute type Nonsense",
        ),
        ({**resources(A=topic()), "Parameters": {"P": {"Type": "String"}}}, r"Parameters: \[P\] must have values"),
    ],
)
def test_a_template_that_cannot_be_deployed_is_refused_and_leaves_no_stack(
    lab: Lab, template: Any, message: str
) -> None:
    with pytest.raises(CloudFormationError, match=message):
        lab.change_set(template)
    assert lab.cloudformation.stacks.find("stack") is None


def test_iam_resources_need_the_callers_consent(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.cloudformation._definitions, "_available_types", frozenset({"AWS::IAM::Role"}))
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "r"}}
    with pytest.raises(CloudFormationError, match=r"Requires capabilities : \[CAPABILITY_NAMED_IAM\]"):
        lab.change_set(resources(Role=role))


def test_a_stack_that_exists_cannot_be_created_again(lab: Lab) -> None:
    lab.deploy(resources(Topic=topic()))
    with pytest.raises(CloudFormationError, match=r"Stack \[stack\] already exists"):
        lab.create(resources(Topic=topic()))


@pytest.mark.parametrize("name", ["1abc", "a_b", "x" * 129, ""])
def test_a_name_that_no_stack_can_have_is_refused(lab: Lab, name: str) -> None:
    with pytest.raises(CloudFormationError, match="at 'stackName' failed to satisfy constraint"):
        lab.change_set(resources(Topic=topic()), name=name)
