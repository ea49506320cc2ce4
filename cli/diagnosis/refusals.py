"""What this caller may not read: said among the evidence, so that the rest is still joined."""

from botocore.exceptions import ClientError

from cli.diagnosis.evidence import Evidence

_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def describe_refusal(source: str, error: ClientError) -> Evidence:
    """Return what could not be read and why.

    Raises:
        ClientError: the error itself, where it is no refusal.
    """
    told = error.response.get("Error", {})
    if told.get("Code") not in _CODES:
        raise error
    return Evidence(source=source, time=None, text=f"not read: {told.get('Message', told['Code'])}")
