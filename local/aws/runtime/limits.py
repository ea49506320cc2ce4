"""The limits of SageMaker's runtime.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RuntimeLimits:
    """What a request may take.

    Attributes:
        max_body_bytes: of a request.
        invoke_s: until a container must have answered.
        stream_s: until a container must have ended its stream.
        connect_s: until a container must have taken the connection.
    """

    max_body_bytes: int = 6_291_456
    invoke_s: float = 60.0
    stream_s: float = 480.0
    connect_s: float = 5.0


DEFAULT_LIMITS = RuntimeLimits()
