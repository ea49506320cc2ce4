"""Puts an AwsService on the wire, in the AWS JSON protocol, as the moto response that the dispatcher asks for.

moto reads the request (region, account, parameters in their types) and writes the answer. Refusals are written here:
moto knows only the codes of a service's model, and ValidationException is in none. It does not know what operations do.
"""

import json
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse

from local.aws.wire.errors import AwsError, SerializationException
from local.aws.wire.place import Place
from local.aws.wire.service import AwsService


class ServiceResponse(BaseResponse):
    """One request to a service.

    Args:
        service: that answers it.
    """

    def __init__(self, service: AwsService) -> None:
        super().__init__(service_name=service.name)
        self.automated_parameter_parsing = True
        self.params: Any = {}
        self._service = service
        self._unreadable: SerializationException | None = None

    def parse_parameters(self, request: Request) -> None:
        """Read the body in the operation's types. What cannot be read is refused when the operation is called."""
        try:
            super().parse_parameters(request)
        except OperationNotFoundError:
            pass  # refused by name when it is called
        except (AttributeError, TypeError, ValueError) as error:
            self._unreadable = SerializationException(f"The request body does not fit the operation: {error}")

    def call_action(self) -> TYPE_RESPONSE:
        """Act, and write the result or the refusal."""
        try:
            status, headers, body = self.serialized(ActionResult(self._act()))
        except AwsError as error:
            status, headers, body = _refusal(error)
        return status, *self._enrich_response(headers, body)

    def _act(self) -> object:
        if self._unreadable is not None:
            raise self._unreadable
        place = Place(account_id=self.current_account, region=self.region)
        return self._service.call(self._get_action(), place, self.params)


def _refusal(error: AwsError) -> tuple[int, dict[str, str], str]:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return error.status, headers, json.dumps({"__type": error.code, "message": error.message})
