"""Which headers pass between a caller and a container: those of the API, as on AWS, and no others."""

from collections.abc import Mapping

_PREFIX = "x-amzn-sagemaker-"
# These address the runtime, or are its way to say Accept in a stream.
# The runtime's own word to a container.
_FOR_THE_RUNTIME = {
    f"{_PREFIX}{name}"
    for name in ("accept", "inference-component", "target-variant", "target-container-hostname", "adapter-identifier")
}
_BACK = {f"{_PREFIX}{name}" for name in ("custom-attributes", "new-session-id", "closed-session-id")}


def to_container(headers: Mapping[str, str], *, streaming: bool) -> dict[str, str]:
    """The headers that a container gets.

    Args:
        headers: of the caller, names in lower case.
        streaming: a stream's Accept comes in a header of its own.
    """
    passed = {
        name: value for name, value in headers.items() if name.startswith(_PREFIX) and name not in _FOR_THE_RUNTIME
    }
    accept = headers.get(f"{_PREFIX}accept") if streaming else headers.get("accept")
    content_type = headers.get("content-type")
    passed |= {"accept": accept or "*/*"}
    passed |= {"content-type": content_type} if content_type else {}
    return passed


def to_caller(headers: Mapping[str, str], *, variant: str, streaming: bool) -> dict[str, str]:
    """The headers that a caller gets, besides those of the HTTP message itself.

    Args:
        headers: of the container's answer.
        variant: that was invoked.
        streaming: the content type is then that of AWS's frames, and the container's comes in a header of its own.
    """
    passed = {name: value for name, value in headers.items() if name.lower() in _BACK}
    content_type = headers.get("content-type", "application/octet-stream")
    passed["x-amzn-sagemaker-content-type" if streaming else "content-type"] = content_type
    if streaming:
        passed["content-type"] = "application/vnd.amazon.eventstream"
    return {**passed, "x-amzn-invoked-production-variant": variant}
