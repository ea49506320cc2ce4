"""The weights: in their place in S3, whole, or on the hub for anybody."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.checks.check import Check, code_of, fix, not_checked, ok
from model.adapter import S3Adapter
from model.errors import HubError, IncompleteModelError
from model.hub import fetch_model
from model.manifest import MANIFEST, parse_manifest
from model.publish.bucket import find_region
from model.spec import ModelSpec
from model.weight_files import INDEX, find_gaps, read_shards

if TYPE_CHECKING:
    from boto3 import Session
    from mypy_boto3_s3 import S3Client

_TIMEOUT_S = 5.0


def check_bucket(session: "Session", spec: ModelSpec, s3_uri: str) -> Check:
    """Whether a prefix holds the whole of a model, in the endpoint's own region.

    What `twin publish` put there says itself what belongs to it; of anything else the index does.
    """
    bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
    client = session.client("s3")
    try:
        location = find_region(client, bucket)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        sizes = {item["Key"].removeprefix(prefix): item["Size"] for page in pages for item in page.get("Contents", [])}
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return fix(
            "weights",
            f"There is no bucket {bucket}. Correct -c s3_uri=, or publish the model: "
            f"`twin publish {spec.model_id} --to s3://{bucket}/ --create-bucket`.",
        )
    if location != session.region_name:
        return fix("weights", f"{bucket} is in {location}: SageMaker reads weights in {session.region_name} only.")
    try:
        if MANIFEST in sizes:
            manifest = parse_manifest(_read(client, bucket, prefix + MANIFEST))
            if manifest.model_id != spec.model_id:
                return fix("weights", f"{s3_uri} holds {manifest.model_id}, and the deployment is of {spec.model_id}.")
            gaps = manifest.find_gaps(sizes)
        else:
            index = json.loads(_read(client, bucket, prefix + INDEX)) if INDEX in sizes else None
            gaps = find_gaps(sizes, shards=read_shards(index) if index is not None else None)
    except (ValueError, IncompleteModelError) as error:
        return fix("weights", f"{s3_uri} cannot be read as a model: {error}")
    if gaps:
        return fix("weights", f"{s3_uri} is not whole: {', '.join(gaps)}. Run `twin publish` again: it does the rest.")
    return ok("weights", f"{len(sizes)} objects under {s3_uri}")


def check_archive(session: "Session", adapter: S3Adapter) -> Check:
    """Whether the archive of an adapter is in its place, in the endpoint's own region."""
    bucket, _, key = adapter.s3_uri.removeprefix("s3://").partition("/")
    client = session.client("s3")
    try:
        location = find_region(client, bucket)
        if location != session.region_name:
            return fix("adapter", f"{bucket} is in {location}: SageMaker reads adapters in {session.region_name} only.")
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if code_of(error) not in {"NoSuchBucket", "404", "NoSuchKey"}:
            raise
        return fix("adapter", f"There is no {adapter.s3_uri} for adapter {adapter.adapter_id}. Copy its archive there.")
    return ok("adapter", f"{adapter.adapter_id}: {size} bytes at {adapter.s3_uri}")


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


def _read(client: "S3Client", bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def _to_s3(spec: ModelSpec) -> str:
    return (
        f"Check the id and the revision; if {spec.model_id} is gated or private, copy its weights to S3 with your own "
        f"token (`twin publish {spec.model_id} --to s3://BUCKET/`) and set -c s3_uri=s3://BUCKET/PREFIX/."
    )
