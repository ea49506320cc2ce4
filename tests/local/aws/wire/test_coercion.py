from typing import Any

import pytest
from moto.core.utils import get_service_model

from local.aws.wire.coercion import coerce
from local.aws.wire.errors import ValidationException


def coerced(operation: str, properties: dict[str, Any]) -> Any:
    return coerce(get_service_model("sagemaker").operation_model(operation).input_shape, properties)


def test_numbers_and_truths_may_be_text_and_text_may_be_numbers() -> None:
    assert coerced(
        "CreateEndpointConfig",
        {
            "EndpointConfigName": 7,
            "EnableNetworkIsolation": "true",
            "ProductionVariants": [
                {"InitialInstanceCount": "1", "InitialVariantWeight": "1.5", "EnableSSMAccess": False}
            ],
        },
    ) == {
        "EndpointConfigName": "7",
        "EnableNetworkIsolation": True,
        "ProductionVariants": [{"InitialInstanceCount": 1, "InitialVariantWeight": 1.5, "EnableSSMAccess": False}],
    }


def test_what_a_container_gets_is_text() -> None:
    container = coerced("CreateModel", {"PrimaryContainer": {"Environment": {"N": 1, "ON": True, "TEXT": "x"}}})
    assert container == {"PrimaryContainer": {"Environment": {"N": "1", "ON": "true", "TEXT": "x"}}}


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Colour": "red"}, "unsupported property Colour in /"),
        ({"ProductionVariants": [{"Colour": 1}]}, "unsupported property Colour in /ProductionVariants/0"),
        ({"ProductionVariants": {"a": 1}}, "/ProductionVariants must be of type list"),
        ({"ProductionVariants": ["a"]}, "/ProductionVariants/0 must be of type object, not 'a'"),
        (
            {"ProductionVariants": [{"InitialInstanceCount": "many"}]},
            "InitialInstanceCount must be of type integer, not 'many'",
        ),
        ({"EnableNetworkIsolation": "yes"}, "/EnableNetworkIsolation must be of type boolean, not 'yes'"),
        ({"EndpointConfigName": ["a"]}, "/EndpointConfigName must be of type string"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(properties: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationException, match=problem):
        coerced("CreateEndpointConfig", properties)
