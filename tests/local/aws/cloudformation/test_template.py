import json
from typing import Any

import pytest

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.template import parse

TOPIC = {"Type": "AWS::SNS::Topic"}


def test_yaml_short_forms_are_their_long_forms() -> None:
    template = parse(
        """
        Parameters: {Stage: {Type: String}}
        Conditions: {IsProd: !Equals [!Ref Stage, prod], Not: !Not [!Condition IsProd]}
        Resources:
          Topic:
            Type: AWS::SNS::Topic
            Condition: IsProd
            Properties:
              DisplayName: !Sub "${Stage}-x"
              TopicName: !GetAtt Other.TopicName
          Other: {Type: AWS::SNS::Topic}
        """
    )
    assert template.resources["Topic"].properties == {
        "DisplayName": {"Fn::Sub": "${Stage}-x"},
        "TopicName": {"Fn::GetAtt": ["Other", "TopicName"]},
    }
    assert template.conditions["Not"] == {"Fn::Not": [{"Condition": "IsProd"}]}


def test_a_date_in_yaml_stays_text() -> None:
    template = parse("Resources: {R: {Type: 'A::B::C', Properties: {Document: {Version: 2012-10-17}}}}")
    assert template.resources["R"].properties["Document"]["Version"] == "2012-10-17"


def test_the_body_is_kept_to_the_letter() -> None:
    body = '{ "Resources" : {"T": {"Type":"AWS::SNS::Topic"}} }\n'
    assert parse(body).body == body


def test_a_resource_needs_what_its_functions_and_its_depends_on_name() -> None:
    properties = {
        "A": {"Ref": "One"},
        "B": [{"Fn::GetAtt": ["Two", "X"]}],
        "C": {"Fn::Sub": ["${Three.Y}${v}", {"v": 1}]},
    }
    body = {
        "Resources": {"R": {**TOPIC, "Properties": properties, "DependsOn": "Four"}}
        | dict.fromkeys(["One", "Two", "Three", "Four"], TOPIC)
    }
    assert parse(json.dumps(body)).resources["R"].referenced() == {"One", "Two", "Three", "Four"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "At least one Resources member must be defined"),
        ({"Resources": {}}, "At least one Resources member must be defined"),
        ({"Resources": None}, "'null' values are not allowed"),
        ({"Resources": {"T": TOPIC}, "Resurces": {}}, r"Invalid template property or properties \[Resurces\]"),
        ({"Resources": {"a-b": TOPIC}}, "Resource name a-b is non alphanumeric"),
        ({"Resources": {"T": {}}}, "Every Resources object must contain a Type member"),
        ({"Resources": {"T": {**TOPIC, "Propertys": {}}}}, "Invalid template resource property 'Propertys'"),
        (
            {"Resources": {"T": {**TOPIC, "DeletionPolicy": "Keep"}}},
            "DeletionPolicy of T is 'Keep'; allowed are Delete",
        ),
        ({"Resources": {"T": {**TOPIC, "DeletionPolicy": "Snapshot"}}}, "takes no snapshots"),
        (
            {"Resources": {"T": {**TOPIC, "DependsOn": ["X", "Y"]}}},
            r"Unresolved resource dependencies \[X, Y\] in the Resources",
        ),
        ({"Resources": {"T": {**TOPIC, "Properties": {"A": {"Ref": "X"}}}}}, r"\[X\] in the Resources block"),
        ({"Resources": {"T": TOPIC}, "Outputs": {"O": {"Value": {"Ref": "X"}}}}, r"\[X\] in the Outputs block"),
        ({"Resources": {"T": TOPIC}, "Outputs": {"O": {"Val": 1}}}, "must contain a Value object: O"),
        ({"Resources": {"T": {**TOPIC, "Condition": "C"}}}, "Condition C of resource T is not defined"),
        (
            {"Resources": {"T": {**TOPIC, "Properties": {"A": {"Fn::If": ["C", 1, 2]}}}}},
            "Unresolved condition dependency C",
        ),
        (
            {"Resources": {"T": TOPIC}, "Conditions": {"C": {"Fn::Equals": [{"Ref": "T"}, 1]}}},
            r"Conditions can refer to parameters only; \[T\]",
        ),
        (
            {"Resources": {"T": TOPIC}, "Transform": "AWS::Serverless-2016-10-31"},
            "Transform AWS::Serverless-2016-10-31 is not available",
        ),
        (
            {"Resources": {"T": TOPIC}, "Parameters": {"P": {"Default": 1}}},
            "Parameters object must contain a Type member: P",
        ),
    ],
)
def test_a_template_of_the_wrong_form_is_refused_in_cloudformations_words(document: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse(json.dumps(document))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", r"JSON not well-formed. \(line 1, column 2\)"),
        ("a: [", r"YAML not well-formed. \(line \d, column \d"),
        ("just text", "unsupported structure"),
        ('{"Resources": {}}' + " " * 1_000_000, "may not exceed 1000000 bytes"),
    ],
)
def test_a_text_that_is_no_template_is_refused_with_the_place(body: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse(body)
