"""Finds the component that a request is for."""

from local.aws.runtime.errors import ValidationError
from local.aws.sagemaker.endpoint import Endpoint, EndpointStatus
from local.aws.sagemaker.hosting import HostedComponent, Hosting

_SERVING = {EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING}


def find_component(hosting: Hosting, *, endpoint_name: str, component_name: str | None) -> HostedComponent:
    """Find a component. Unlike the control plane, the runtime minds the case of names.

    Raises:
        ValidationError: the endpoint or the component is not there, or no component is named.
    """
    with hosting.lock:
        endpoint = _find_endpoint(hosting, endpoint_name)
        if not component_name:
            raise ValidationError(
                "Inference Component Name header is required for endpoints to which you plan to deploy inference "
                "components. Please include Inference Component Name header or consider using SageMaker models.",
                ErrorCode="INFERENCE_COMPONENT_NAME_MISSING",
            )
        for component in hosting.components_on(endpoint):
            if component.name == component_name:
                return component
    raise ValidationError(
        f"Inference Component {component_name} of account {hosting.place.account_id} not found on endpoint "
        f"{endpoint_name}."
    )


def _find_endpoint(hosting: Hosting, name: str) -> Endpoint:
    for endpoint in hosting.endpoints:
        if endpoint.name == name and endpoint.status in _SERVING:
            return endpoint
    raise ValidationError(f"Endpoint {name} of account {hosting.place.account_id} not found.")
