"""The weights: in their place in S3, or on the hub for anybody."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.checks.check import Check, code_of, fix, not_checked, ok
from model.errors import HubError
from model.hub import fetch_model
from model.spec import ModelSpec

if TYPE_CHECKING:
    from boto3 import Session

_WEIGHT_ENDINGS = (".safetensors", ".bin")
_USUAL_REGION = "us-east-1"  # whose buckets S3 gives no location
_TIMEOUT_S = 5.0


def check_bucket(session: "Session", s3_uri: str) -> Check:
    """Whether a prefix holds a model, in the endpoint's own region."""
    bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
    client = session.client("s3")
    try:
        location = client.get_bucket_location(Bucket=bucket).get("LocationConstraint") or _USUAL_REGION
        found = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return fix(
            "weights", f"There is no bucket {bucket}. Correct -c s3_uri=, or make it and copy the weights there."
        )
    if location != session.region_name:
        return fix("weights", f"{bucket} is in {location}: SageMaker reads weights in {session.region_name} only.")
    names = {item["Key"].removeprefix(prefix) for item in found}
    missing = [] if "config.json" in names else ["config.json"]
    missing += [] if any(name.endswith(_WEIGHT_ENDINGS) for name in names) else ["*.safetensors"]
    if missing:
        return fix(
            "weights", f"{s3_uri} has no {' and no '.join(missing)}. Copy the whole snapshot of the model there."
        )
    return ok("weights", f"{len(names)} objects under {s3_uri}")


def check_hub(spec: ModelSpec, *, hub_url: str) -> Check:
    """Whether the hub gives the model to a container, which has no token.

    A hub that is not reached from here may be reached from there: that is no finding.
    """
    try:
        found = fetch_model(spec.model_id, revision=spec.revision, hub_url=hub_url, timeout_s=_TIMEOUT_S)
    except HubError as error:
        if error.retryable:
            return not_checked("model access", error.problem)
        return fix("model access", f"{error.problem} {_to_s3(spec)}")
    if found.gated:
        return fix("model access", f"{spec.model_id} is gated on the hub. {_to_s3(spec)}")
    return ok("model access", f"{spec.model_id} @ {found.revision} is public on the hub")


def _to_s3(spec: ModelSpec) -> str:
    return (
        f"Check the id and the revision; if {spec.model_id} is gated or private, copy its weights to S3 with your own "
        "token and set -c s3_uri=s3://BUCKET/PREFIX/."
    )
