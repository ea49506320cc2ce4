"""One AWS service by its operations: checks a request by AWS's service model, then acts.

The same call serves the wire (response.py) and CloudFormation (resources.py), so that both are refused for the same
reasons. It does not know HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.model import OperationModel
from moto.core.utils import get_service_model

from local.aws.wire.coercion import coerce
from local.aws.wire.errors import NotImplementedHere
from local.aws.wire.place import Place
from local.aws.wire.validation import validate

Params = Mapping[str, Any]
Action = Callable[[Place, Params], Mapping[str, Any] | None]


class AwsService:
    """The operations of one service.

    Args:
        name: botocore's name of the service.
        actions: what answers each operation, by AWS's name of it; the rest of the service is refused by name.
    """

    def __init__(self, *, name: str, actions: Mapping[str, Action]) -> None:
        self.name = name
        self._actions = dict(actions)
        self._model = get_service_model(name)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that there are, by AWS's names."""
        return tuple(sorted(self._actions))

    def call(self, operation: str, place: Place, params: Params) -> Mapping[str, Any]:
        """Answer one request.

        Raises:
            AwsError: the request is refused.
        """
        action = self._actions.get(operation)
        if action is None:
            raise NotImplementedHere(
                f"This local AWS does not have {self.name}:{operation}. It has: {', '.join(self.operations)}."
            )
        validate(self._operation(operation), params)
        return action(place, params) or {}

    def call_with_properties(self, operation: str, place: Place, properties: Params) -> Mapping[str, Any]:
        """Answer a request made of a CloudFormation template's properties, whose types are looser."""
        return self.call(operation, place, self.coerce(operation, properties))

    def coerce(self, operation: str, properties: Params) -> Params:
        """Bring a template's properties to the types of an operation's parameters.

        Raises:
            ValidationException: a property that the operation does not have, or a value that is not of its type.
        """
        shape = self._operation(operation).input_shape
        params: Params = coerce(shape, properties) if shape is not None else {}
        return params

    def _operation(self, name: str) -> OperationModel:
        operation: OperationModel = self._model.operation_model(name)
        return operation
