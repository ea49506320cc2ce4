"""The bucket that weights go to: there, in the endpoint's region, and closed to everybody else."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from model.errors import DestinationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_USUAL_REGION = "us-east-1"  # whose buckets S3 gives no location, and takes none for
_OLD_NAMES: Mapping[str, str] = MappingProxyType({"EU": "eu-west-1"})  # that S3 still gives buckets made with them
_EVERYBODY = frozenset(
    {
        "http://acs.amazonaws.com/groups/global/AllUsers",
        "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
    }
)
_CLOSED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
_FORGET_BROKEN_UPLOADS_DAYS = 7
_NOT_SET = frozenset({"NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration"})


def find_region(client: "S3Client", bucket: str) -> str:
    """Return the region of a bucket.

    Raises:
        ClientError: there is none, or it may not be looked at.
    """
    found = client.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    return _OLD_NAMES.get(str(found), found) or _USUAL_REGION


def check_bucket(client: "S3Client", bucket: str, *, region: str) -> None:
    """Check that a bucket can take weights that are nobody else's.

    Args:
        client: of any region.
        bucket: its name.
        region: where the endpoint is going to be: SageMaker reads weights in its own region.

    Raises:
        DestinationError: it is missing, in another region, or open to the public.
        ClientError: it may not be looked at.
    """
    try:
        location = find_region(client, bucket)
    except ClientError as error:
        if _code_of(error) != "NoSuchBucket":
            raise
        raise DestinationError(
            f"there is no bucket {bucket}.", remedy="Correct --to, or have it made with --create-bucket."
        ) from error
    if location != region:
        raise DestinationError(
            f"bucket {bucket} is in {location}, and the deployment in {region}.",
            remedy="SageMaker reads weights in its own region: name a bucket there, or set AWS_REGION to the bucket's.",
        )
    if _is_public(client, bucket):
        raise DestinationError(
            f"bucket {bucket} is open to the public.",
            remedy=f"Close it (`aws s3api put-public-access-block --bucket {bucket} …`), or name another.",
        )


def make_bucket(client: "S3Client", bucket: str, *, region: str, kms_key: str | None) -> bool:
    """Make a bucket for weights: TLS only, closed to the public, versioned, encrypted; not if it is there.

    Returns:
        Whether it was made. One that was there is left as it is.

    Raises:
        DestinationError: the name is taken by another account.
    """
    place: dict[str, Any] = {} if region == _USUAL_REGION else {"LocationConstraint": region}
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _code_of(error) != "404":
            raise
    else:
        return False
    try:
        if place:
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)  # type: ignore[arg-type]
        else:
            client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if _code_of(error) not in {"BucketAlreadyExists", "InvalidBucketName"}:
            raise
        raise DestinationError(f"bucket {bucket} cannot be made: {error}.", remedy="Choose another name.") from error
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=_CLOSED)  # type: ignore[arg-type]
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(client.meta.partition, bucket)))
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    encryption: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key} if kms_key else {"SSEAlgorithm": "AES256"}
    rule: Any = {"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": bool(kms_key)}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    # Parts of an upload that is never taken up again cost as much as whole objects.
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "forget-broken-uploads",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _FORGET_BROKEN_UPLOADS_DAYS},
                }
            ]
        },
    )
    return True


def _is_public(client: "S3Client", bucket: str) -> bool:
    block: Any = _ask(client.get_public_access_block, bucket).get("PublicAccessBlockConfiguration", {})
    policy: Any = _ask(client.get_bucket_policy_status, bucket).get("PolicyStatus", {})
    if policy.get("IsPublic") and not block.get("RestrictPublicBuckets"):
        return True
    grants: Any = client.get_bucket_acl(Bucket=bucket)["Grants"]
    granted = any(grant["Grantee"].get("URI") in _EVERYBODY for grant in grants)
    return granted and not block.get("IgnorePublicAcls")


def _ask(question: Any, bucket: str) -> Any:
    """Ask for something of a bucket that need not be set."""
    try:
        return question(Bucket=bucket)
    except ClientError as error:
        if _code_of(error) in _NOT_SET:
            return {}
        raise


def _tls_only(partition: str, bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
