"""Which inference component of an endpoint to ask, where none was named."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ._address import EndpointAddress
from ._aws import translated
from ._error_rules import Target
from .errors import AccessDeniedError, AmbiguousComponentError, ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class ComponentChoice:
    """The component named in the address or, failing that, the endpoint's only one, looked up once."""

    def __init__(self, address: EndpointAddress, sagemaker: Callable[[], "SageMakerClient"]) -> None:
        self._address = address
        self._sagemaker = sagemaker
        self._lock = threading.Lock()
        self.is_known = address.inference_component_name is not None
        """Whether `name` says it without asking SageMaker."""
        self._name = address.inference_component_name

    def name(self) -> str | None:
        """The component's name; None for an endpoint that hosts its model without components.

        Raises:
            AmbiguousComponentError: the endpoint has several; the message names them.
            ConfigurationError: the caller may not list them; the message says what to pass.
            InferenceClientError: SageMaker could not be asked.
        """
        if self.is_known:
            return self._name
        with self._lock:
            if not self.is_known:
                self._name = self._only_one()
                self.is_known = True
            return self._name

    def forget(self) -> bool:
        """Look it up again next time, as a deployment may have replaced it; False for a name that was not looked up."""
        if self._address.inference_component_name is not None:
            return False
        # Without the lock, which is held while SageMaker is asked: an event loop calls this.
        self.is_known = False
        return True

    def _only_one(self) -> str | None:
        endpoint_name = self._address.endpoint_name
        try:
            with translated(Target(endpoint_name=endpoint_name, region=self._address.region)):
                paginator = self._sagemaker().get_paginator("list_inference_components")
                pages = paginator.paginate(EndpointNameEquals=endpoint_name)
                names = tuple(item["InferenceComponentName"] for page in pages for item in page["InferenceComponents"])
        except AccessDeniedError as error:
            raise ConfigurationError(
                f"The inference component of endpoint {endpoint_name} is not known, and looking it up is not allowed. "
                "Pass inference_component_name (the stack's InferenceComponentName output), or allow "
                "sagemaker:ListInferenceComponents."
            ) from error
        if len(names) > 1:
            raise AmbiguousComponentError(
                f"Endpoint {endpoint_name} has {len(names)} inference components. Pass inference_component_name, one "
                f"of: {', '.join(sorted(names))}.",
                component_names=tuple(sorted(names)),
            )
        return names[0] if names else None
