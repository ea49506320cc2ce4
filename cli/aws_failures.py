"""What went wrong between this program and AWS, and what to do about it.

Errors of botocore that are none of its own tree are told here, too: what answers at the address may be no AWS at all.
"""

import os
import traceback

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

_USUAL = "To rehearse on this machine: make up. For AWS: set AWS_DEFAULT_REGION and credentials, and check both."
_BY_CODE = {
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"),
        "AWS is asked too often at the moment: run it again in a minute.",
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
        "Sign in again (`aws sso login`), or set new credentials.",
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
        "Have that action allowed to these credentials, or use others (AWS_PROFILE).",
    ),
}


def explain(error: Exception) -> tuple[str, str] | None:
    """Message and advice for an error of AWS's or on the way to it; None for any other.

    Args:
        error: as it was caught.
    """
    if isinstance(error, ClientError):
        return f"AWS: {error}", _BY_CODE.get(error.response.get("Error", {}).get("Code", ""), _USUAL)
    if isinstance(error, BotoCoreError):
        return f"AWS: {error}", _USUAL
    if isinstance(error, ResponseParserError) or _is_of_the_parser(error):
        address = os.environ.get("AWS_ENDPOINT_URL", "the address of AWS")
        return (
            f"AWS: what answers at {address} is no AWS.",
            "Correct AWS_ENDPOINT_URL (`twin env` prints the local AWS's), or unset it for the account's.",
        )
    return None


def _is_of_the_parser(error: Exception) -> bool:
    """Whether botocore stumbled over an answer: of a page of HTML it misses the element that it expects."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, KeyError) and bool(frames) and frames[-1].filename.endswith("botocore/parsers.py")
