"""A client for an LLM behind a SageMaker endpoint: blocking here, asynchronous in ``inference_client.aio``.

The book's surface::

    from inference_client import InferenceExecutor, LLMInferenceSagemakerEndpoint, settings

    llm = LLMInferenceSagemakerEndpoint(endpoint_name=settings.SAGEMAKER_ENDPOINT_INFERENCE)
    answer = InferenceExecutor(llm, "Write me a post about AWS SageMaker inference endpoints.").execute()

And beyond it::

    from inference_client import EndpointAddress, EndpointClient

    with EndpointClient(EndpointAddress.from_stack("llm-twin-dev-endpoint")) as client:
        with client.stream("What is a SageMaker inference component?") as stream:
            for event in stream:
                print(event.text, end="", flush=True)
        print(stream.generation.usage)

Nothing happens at import; region and credentials come from boto3's own chain; it knows nothing of who deployed the
endpoint.
"""

from ._address import EndpointAddress
from ._answer import Completion, Generation, Timings, Token, TokenEvent, Usage
from ._client import EndpointClient
from ._executor import DEFAULT_PROMPT, InferenceExecutor
from ._inference import Inference
from ._options import ClientOptions, Waiting
from ._parameters import GenerationParameters
from ._sagemaker_endpoint import LLMInferenceSagemakerEndpoint
from ._settings import InferenceSettings, settings
from ._stream import TokenStream
from .errors import (
    AccessDeniedError,
    AmbiguousComponentError,
    ComponentNotFoundError,
    ComponentRequiredError,
    ConfigurationError,
    ConnectFailedError,
    ConnectionLostError,
    ContainerError,
    CredentialsError,
    DeploymentFailedError,
    EndpointNotFoundError,
    GenerationFailedError,
    InferenceClientError,
    InputTooLongError,
    InvalidParameterError,
    InvalidPromptError,
    InvocationTimeoutError,
    ModelNotReadyError,
    NoCapacityError,
    NotInServiceError,
    OverloadedError,
    ReadTimeoutError,
    RequestTooLargeError,
    ServiceBusyError,
    ServiceUnavailableError,
    StackNotDeployedError,
    StackNotReadyError,
    StatusError,
    StreamInterruptedError,
    ThrottledError,
    TransportError,
    UnexpectedAnswerError,
    ValidationRejectedError,
)

__all__ = [
    "DEFAULT_PROMPT",
    "AccessDeniedError",
    "AmbiguousComponentError",
    "ClientOptions",
    "Completion",
    "ComponentNotFoundError",
    "ComponentRequiredError",
    "ConfigurationError",
    "ConnectFailedError",
    "ConnectionLostError",
    "ContainerError",
    "CredentialsError",
    "DeploymentFailedError",
    "EndpointAddress",
    "EndpointClient",
    "EndpointNotFoundError",
    "Generation",
    "GenerationFailedError",
    "GenerationParameters",
    "Inference",
    "InferenceClientError",
    "InferenceExecutor",
    "InferenceSettings",
    "InputTooLongError",
    "InvalidParameterError",
    "InvalidPromptError",
    "InvocationTimeoutError",
    "LLMInferenceSagemakerEndpoint",
    "ModelNotReadyError",
    "NoCapacityError",
    "NotInServiceError",
    "OverloadedError",
    "ReadTimeoutError",
    "RequestTooLargeError",
    "ServiceBusyError",
    "ServiceUnavailableError",
    "StackNotDeployedError",
    "StackNotReadyError",
    "StatusError",
    "StreamInterruptedError",
    "ThrottledError",
    "Timings",
    "Token",
    "TokenEvent",
    "TokenStream",
    "TransportError",
    "UnexpectedAnswerError",
    "Usage",
    "ValidationRejectedError",
    "Waiting",
    "settings",
]
