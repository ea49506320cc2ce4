"""Custom resources of the CDK's own, done here: what their Lambda functions do, which the local AWS does not run."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, properties, suppress_code

_AUTO_DELETE_TAG = "aws-cdk:auto-delete-objects"
_MAX_KEYS_IN_A_CALL = 1000


class AutoDeleteObjects(ApiProvider):
    """Custom::S3AutoDeleteObjects: empties its bucket before that is deleted, if the bucket's tag still says so."""

    service = "s3"
    handled = properties("BucketName ServiceToken")

    def make(self, _client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Do nothing until it is deleted."""
        return ProvisionedResource(physical_id=request.generated_name)

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Delete every version of every object."""
        bucket = request.properties["BucketName"]
        tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
        if {"Key": _AUTO_DELETE_TAG, "Value": "true"} not in tags:
            return
        client.put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={}
        )  # a bucket can log into itself what happens here
        for keys in _versions(client, bucket):
            client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


class RestrictDefaultSecurityGroup(ApiProvider):
    """Custom::VpcRestrictDefaultSG: takes the rules out of a network's default group until deleted."""

    service = "ec2"
    handled = properties("Account DefaultSecurityGroupId ServiceToken")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Revoke the default rules, as far as they are there."""
        self._change("revoke", client, request)
        return ProvisionedResource(physical_id=request.generated_name)

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Authorize the default rules again."""
        self._change("authorize", client, request)

    @staticmethod
    def _change(verb: str, client: Any, request: ResourceRequest) -> None:
        group = request.properties["DefaultSecurityGroupId"]
        permissions = {
            "ingress": {
                "IpProtocol": "-1",
                "UserIdGroupPairs": [{"GroupId": group, "UserId": request.properties["Account"]}],
            },
            "egress": {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        }
        for kind, permission in permissions.items():
            try:
                getattr(client, f"{verb}_security_group_{kind}")(GroupId=group, IpPermissions=[permission])
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("InvalidPermission.NotFound", "InvalidPermission.Duplicate"):
                    raise


class LogRetention(ApiProvider):
    """Custom::LogRetention: how long a log group is kept that something else makes, or has made already."""

    service = "logs"
    handled = properties("LogGroupName RetentionInDays ServiceToken")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Make the group where it is not there yet."""
        name = request.properties["LogGroupName"]
        with suppress_code("ResourceAlreadyExistsException"):
            client.create_log_group(logGroupName=name)
        return ProvisionedResource(physical_id=name, attributes={"LogGroupName": name})

    def configure(
        self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set the retention; a changed name is another group, and the one before stays."""
        resource = self.make(client, request)
        client.put_retention_policy(
            logGroupName=resource.physical_id, retentionInDays=int(request.properties["RetentionInDays"])
        )
        return resource

    def remove(self, _client: Any, _request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Leave the group and its retention."""


def _versions(client: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": _MAX_KEYS_IN_A_CALL}
    )
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
