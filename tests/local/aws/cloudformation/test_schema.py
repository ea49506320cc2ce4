from typing import Any

import pytest

from local.aws.cloudformation.differences import Recreation, compare, takes_replacement
from local.aws.cloudformation.property_types import coerce
from local.aws.cloudformation.property_validation import problems
from local.aws.cloudformation.registry import resource_providers
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.values import unknown


def test_every_type_that_can_be_deployed_has_a_published_schema(schemas: SchemaCatalogue, aws: Any) -> None:
    assert [type_ for type_ in resource_providers(aws) if type_ not in schemas] == []


def test_what_a_provider_makes_something_of_is_in_the_schema_of_its_type(schemas: SchemaCatalogue, aws: Any) -> None:
    unknown_properties = {
        type_: sorted(handled - schemas.find(type_).document["properties"].keys())
        for type_, provider in resource_providers(aws).items()
        if (handled := getattr(provider, "handled", None)) and not type_.startswith("Custom::")
    }
    assert {type_: names for type_, names in unknown_properties.items() if names} == {}


@pytest.mark.parametrize(
    ("type_", "name", "limit"),
    [
        ("AWS::IAM::Role", "RoleName", 63),
        ("AWS::SageMaker::Model", "ModelName", 63),
        ("AWS::SecretsManager::Secret", "Name", 63),
        ("AWS::EC2::SecurityGroup", "GroupName", 63),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
        ("AWS::SageMaker::InferenceComponent", None, 63),
        ("AWS::EC2::VPC", None, 63),
    ],
)
def test_the_property_by_which_a_resource_is_named(
    schemas: SchemaCatalogue, type_: str, name: str | None, limit: int
) -> None:
    schema = schemas.find(type_)
    assert (schema.name_property, schema.max_name_characters) == (name, limit)


@pytest.mark.parametrize(
    ("type_", "before", "after", "recreation"),
    [
        ("AWS::SageMaker::Model", {"ExecutionRoleArn": "a"}, {"ExecutionRoleArn": "b"}, Recreation.ALWAYS),
        ("AWS::SageMaker::Endpoint", {"EndpointConfigName": "a"}, {"EndpointConfigName": "b"}, Recreation.NEVER),
        ("AWS::SageMaker::InferenceComponent", {"EndpointName": "a"}, {"EndpointName": "b"}, Recreation.NEVER),
        (
            "AWS::Budgets::Budget",
            {"Budget": {"BudgetName": "a", "TimeUnit": "x"}},
            {"Budget": {"BudgetName": "b", "TimeUnit": "x"}},
            Recreation.ALWAYS,
        ),
        (
            "AWS::Budgets::Budget",
            {"Budget": {"BudgetName": "a", "TimeUnit": "x"}},
            {"Budget": {"BudgetName": "a", "TimeUnit": "y"}},
            Recreation.NEVER,
        ),
        ("AWS::EC2::VPC", {"InstanceTenancy": "default"}, {"InstanceTenancy": "dedicated"}, Recreation.CONDITIONALLY),
        ("AWS::SNS::Topic", {}, {"TopicName": "n"}, Recreation.ALWAYS),
        ("AWS::SNS::Topic", {"DisplayName": "n"}, {}, Recreation.NEVER),
    ],
)
def test_the_schema_decides_what_a_change_takes(
    schemas: SchemaCatalogue, type_: str, before: Any, after: Any, recreation: Recreation
) -> None:
    differences = compare(before, after, schemas.find(type_))
    assert [difference.recreation for difference in differences] == [recreation]
    assert takes_replacement(differences) is (recreation is Recreation.ALWAYS)


def test_equal_properties_have_no_differences(schemas: SchemaCatalogue) -> None:
    assert compare({"DisplayName": "a"}, {"DisplayName": "a"}, schemas.find("AWS::SNS::Topic")) == ()


@pytest.mark.parametrize(
    ("type_", "properties", "found"),
    [
        ("AWS::SNS::Topic", {"DisplayName": "x"}, []),
        ("AWS::SNS::Topic", {"DisplayNam": "x"}, ["#: extraneous key [DisplayNam] is not permitted"]),
        ("AWS::SNS::TopicPolicy", {"Topics": []}, ["#: required key [PolicyDocument] not found"]),
        ("AWS::SNS::Topic", {"TopicArn": "x"}, ["#/TopicArn: is read-only"]),
        (
            "AWS::S3::Bucket",
            {"BucketName": "A_b"},
            [
                (
                    "#/BucketName: failed validation constraint for keyword [pattern]: "
                    "'A_b' against '^([a-z0-9][a-z0-9.-]*[a-z0-9])?$'"
                )
            ],
        ),
        (
            "AWS::S3::Bucket",
            {"VersioningConfiguration": {"Status": "On"}},
            [
                (
                    "#/VersioningConfiguration/Status: failed validation constraint for keyword [enum]: "
                    "'On' against ['Enabled', 'Suspended']"
                )
            ],
        ),
        ("AWS::S3::Bucket", {"Tags": [{"Key": "a"}]}, ["#/Tags/0: required key [Value] not found"]),
        (
            "AWS::SSM::Parameter",
            {"Type": "String", "Value": "v", "Tags": {"a": 1, "b": "2"}},
            ["#/Tags/a: expected type: String, found: Integer"],
        ),
    ],
)
def test_problems_read_as_cloudformations(
    schemas: SchemaCatalogue, type_: str, properties: Any, found: list[str]
) -> None:
    assert [str(problem) for problem in problems(properties, schemas.find(type_))] == found


def test_nothing_is_held_against_a_value_that_is_not_known_yet(schemas: SchemaCatalogue) -> None:
    subnets = {"Scheme": unknown(), "Type": unknown(), "Subnets": [unknown(), unknown()], "Tags": unknown()}
    assert problems(subnets, schemas.find("AWS::ElasticLoadBalancingV2::LoadBalancer")) == []


def test_a_pattern_of_javas_is_understood(schemas: SchemaCatalogue) -> None:
    role = {"AssumeRolePolicyDocument": {}, "Description": "Zürich ☃"}
    assert [problem.path for problem in problems(role, schemas.find("AWS::IAM::Role"))] in ([], [("Description",)])


@pytest.mark.parametrize(
    ("type_", "given", "coerced"),
    [
        ("AWS::Logs::LogGroup", {"RetentionInDays": "7"}, {"RetentionInDays": 7}),
        ("AWS::SNS::Topic", {"FifoTopic": "true", "DisplayName": 5}, {"FifoTopic": True, "DisplayName": "5"}),
        ("AWS::CloudWatch::Alarm", {"Threshold": "0.5"}, {"Threshold": 0.5}),
        ("AWS::S3::Bucket", {"Tags": [{"Key": 1, "Value": True}]}, {"Tags": [{"Key": "1", "Value": "true"}]}),
        ("AWS::SSM::Parameter", {"Tags": {"a": 1}}, {"Tags": {"a": "1"}}),
        ("AWS::Logs::LogGroup", {"RetentionInDays": "a week"}, {"RetentionInDays": "a week"}),
        ("AWS::CloudWatch::Dashboard", {"DashboardBody": {"widgets": []}}, {"DashboardBody": '{"widgets": []}'}),
    ],
)
def test_values_take_the_type_of_their_schema(schemas: SchemaCatalogue, type_: str, given: Any, coerced: Any) -> None:
    assert coerce(given, schemas.find(type_)) == coerced
