from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.core.utils import get_service_model

from local.aws.autoscaling.service import AutoScalingService
from local.aws.sagemaker.service import SageMakerService
from local.aws.wire.errors import SerializationException, ValidationException
from local.aws.wire.validation import _compiled, validate


def check(operation: str, service: str = "sagemaker", **params: Any) -> str | None:
    try:
        validate(get_service_model(service).operation_model(operation), params)
    except ValidationException as error:
        return error.message
    return None


FAILED = "failed to satisfy constraint:"
MODEL_NAME = r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
PREFIX = "1 validation error detected: Value "


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("twin", None),
        ("a-1", None),
        (
            "x" * 64,
            f"'{'x' * 64}' at 'modelName' {FAILED} Member must have length less than or equal to 63",
        ),
        (
            "no_underscore",
            f"'no_underscore' at 'modelName' {FAILED} Member must satisfy regular expression pattern: {MODEL_NAME}",
        ),
        (None, f"null at 'modelName' {FAILED} Member must not be null"),
    ],
)
def test_words_are_awss(name: str | None, problem: str | None) -> None:
    params = {} if name is None else {"ModelName": name}
    assert check("DescribeModel", **params) == (None if problem is None else PREFIX + problem)


def test_every_problem_is_told_with_its_place() -> None:
    message = check(
        "CreateEndpointConfig",
        EndpointConfigName="-",
        ProductionVariants=[{"VariantName": "a"}, {"InstanceType": "ml.huge", "InitialInstanceCount": 0}],
        Tags=[{"Key": "", "Value": "v"}],
    )
    assert message is not None
    assert message.startswith("5 validation errors detected: ")
    assert "Value '-' at 'endpointConfigName' failed" in message
    assert "Value null at 'productionVariants.2.member.variantName' failed" in message
    assert f"at 'productionVariants.2.member.instanceType' {FAILED} Member must satisfy enum value set: [" in message
    assert "Value '0' at 'productionVariants.2.member.initialInstanceCount' failed" in message
    assert "Value '' at 'tags.1.member.key' failed" in message


def test_maps_are_looked_into() -> None:
    message = check("CreateModel", ModelName="a", PrimaryContainer={"Environment": {"not ok": "x"}})
    assert message is not None
    assert "at 'primaryContainer.environment.not ok.key' failed" in message


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"ModelName": 7}, "'modelName' must be of type string, not 7"),
        ({"ModelName": ["a"]}, "'modelName' must be of type string"),
        ({"ModelName": "a", "Tags": {"Key": "a"}}, "'tags' must be of type list"),
    ],
)
def test_another_type_is_no_validation_error(params: dict[str, Any], problem: str) -> None:
    with pytest.raises(SerializationException, match=problem):
        check("CreateModel", **params)


def test_every_pattern_of_the_operations_that_are_here_can_be_read(tmp_path: Path) -> None:
    sagemaker = SageMakerService(state_dir=tmp_path, environment={})
    autoscaling = AutoScalingService(hostings=sagemaker.hosting)
    for service in (sagemaker.api, autoscaling.api):
        model = get_service_model(service.name)
        found = {
            pattern
            for operation in service.operations
            for pattern in patterns(model.operation_model(operation).input_shape, [])
        }
        assert len(found) >= 4
        for pattern in found:
            _compiled(pattern)


def patterns(shape: Any, above: list[str]) -> Iterator[str]:
    if shape is None or shape.name in above:
        return
    if pattern := shape.metadata.get("pattern"):
        yield pattern
    members = getattr(shape, "members", {}).values()
    for part in (*members, *(getattr(shape, name, None) for name in ("member", "key", "value"))):
        yield from patterns(part, [*above, shape.name])


@pytest.mark.parametrize(("value", "fits"), [("é ok_/+-@:=.", True), ("日本", True), ("a&b", False), ("~", False)])
def test_unicode_classes_mean_what_they_mean_in_java(value: str, fits: bool) -> None:
    found = check(
        "AddTags", ResourceArn="arn:aws:sagemaker:us-east-1:123456789012:model/a", Tags=[{"Key": value, "Value": ""}]
    )
    assert (found is None) == fits
