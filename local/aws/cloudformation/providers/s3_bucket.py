"""AWS::S3::Bucket: the bucket and its settings."""

from collections.abc import Callable, Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import (
    ApiProvider,
    already_exists,
    as_tag_list,
    as_tag_map,
    given,
    partition_of,
    properties,
)
from local.aws.cloudformation.providers.s3_lifecycle import lifecycle_rules


class BucketProvider(ApiProvider):
    """Buckets. A bucket that holds objects is not deleted, as in AWS."""

    service = "s3"
    handled = properties(
        "AccessControl BucketEncryption BucketName CorsConfiguration LifecycleConfiguration LoggingConfiguration",
        "ObjectLockConfiguration ObjectLockEnabled OwnershipControls PublicAccessBlockConfiguration Tags",
        "VersioningConfiguration WebsiteConfiguration",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the bucket in the stack's region."""
        name, region = request.properties.get("BucketName", request.generated_name), request.region
        if any(bucket["Name"] == name for bucket in client.list_buckets()["Buckets"]):
            raise already_exists(request, name)  # in us-east-1 S3 itself says nothing where the bucket is one's own
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        lock = given(request.properties, ObjectLockEnabledForBucket="ObjectLockEnabled")
        client.create_bucket(Bucket=name, **place, **lock)
        partition = partition_of(request)
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        attributes = {
            "Arn": f"arn:{partition}:s3:::{name}",
            "DomainName": f"{name}.s3.{suffix}",
            "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
            "WebsiteURL": f"http://{name}.s3-website-{region}.{suffix}",
        }
        return ProvisionedResource(physical_id=name, attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put every setting that the template has, and take back those that it no longer has."""
        name = resource.physical_id
        for property_, (put, arguments, take_back) in _SETTINGS.items():
            if (value := request.properties.get(property_)) is not None:
                getattr(client, put)(Bucket=name, **arguments(value, name))
            elif before.get(property_) is not None and take_back is not None:
                take_back(client, name)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the bucket."""
        client.delete_bucket(Bucket=resource.physical_id)


def _encryption(value: Mapping[str, Any], _: str) -> dict[str, Any]:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"}),
            **given(rule, "BucketKeyEnabled"),
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _cors(value: Mapping[str, Any], _: str) -> dict[str, Any]:
    rules = [
        given(
            rule,
            "AllowedHeaders",
            "AllowedMethods",
            "AllowedOrigins",
            ExposeHeaders="ExposedHeaders",
            ID="Id",
            MaxAgeSeconds="MaxAge",
        )
        for rule in value["CorsRules"]
    ]
    return {"CORSConfiguration": {"CORSRules": rules}}


def _logging(value: Mapping[str, Any], bucket: str) -> dict[str, Any]:
    target = {
        "TargetBucket": value.get("DestinationBucketName", bucket),
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


def _website(value: Mapping[str, Any], _: str) -> dict[str, Any]:
    website: dict[str, Any] = given(value, "RedirectAllRequestsTo", "RoutingRules")
    if "IndexDocument" in value:
        website["IndexDocument"] = {"Suffix": value["IndexDocument"]}
    if "ErrorDocument" in value:
        website["ErrorDocument"] = {"Key": value["ErrorDocument"]}
    return {"WebsiteConfiguration": website}


def _hyphenated(acl: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in acl).lstrip("-")


# For each property: the call that puts it, its arguments from the value and the bucket's name, and how it is taken
# back (None: it cannot be, as versioning).
_SETTINGS: Mapping[str, tuple[str, Callable[[Any, str], dict[str, Any]], Callable[[Any, str], object] | None]] = {
    "OwnershipControls": (
        "put_bucket_ownership_controls",
        lambda value, _: {"OwnershipControls": {"Rules": value["Rules"]}},
        lambda client, name: client.delete_bucket_ownership_controls(Bucket=name),
    ),
    "AccessControl": ("put_bucket_acl", lambda value, _: {"ACL": _hyphenated(value)}, None),
    "BucketEncryption": (
        "put_bucket_encryption",
        _encryption,
        lambda client, name: client.delete_bucket_encryption(Bucket=name),
    ),
    "VersioningConfiguration": (
        "put_bucket_versioning",
        lambda value, _: {"VersioningConfiguration": {"Status": value["Status"]}},
        None,
    ),
    "ObjectLockConfiguration": (
        "put_object_lock_configuration",
        lambda value, _: {"ObjectLockConfiguration": value},
        None,
    ),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        lambda value, _: {"PublicAccessBlockConfiguration": value},
        lambda client, name: client.delete_public_access_block(Bucket=name),
    ),
    "LifecycleConfiguration": (
        "put_bucket_lifecycle_configuration",
        lambda value, _: {"LifecycleConfiguration": {"Rules": lifecycle_rules(value["Rules"])}},
        lambda client, name: client.delete_bucket_lifecycle(Bucket=name),
    ),
    "CorsConfiguration": ("put_bucket_cors", _cors, lambda client, name: client.delete_bucket_cors(Bucket=name)),
    "LoggingConfiguration": (
        "put_bucket_logging",
        _logging,
        lambda client, name: client.put_bucket_logging(Bucket=name, BucketLoggingStatus={}),
    ),
    "WebsiteConfiguration": (
        "put_bucket_website",
        _website,
        lambda client, name: client.delete_bucket_website(Bucket=name),
    ),
    "Tags": (
        "put_bucket_tagging",
        lambda value, _: {"Tagging": {"TagSet": as_tag_list(as_tag_map(value))}},
        lambda client, name: client.delete_bucket_tagging(Bucket=name),
    ),
}
