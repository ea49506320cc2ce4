"""What a template takes from its account: parameters, secrets, availability zones, its own text in S3.

All of it is asked through AWS's own API, so a template sees what any client of the account would see.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from local.aws.api import AwsApi
from local.aws.cloudformation.errors import ValidationError

_S3_HOST = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?|(?:(?P<local>.+)\.)?(?:localhost|127\.0\.0\.1)"
)


class AccountLookups:
    """Look-ups in one account and region."""

    def __init__(self, *, aws: AwsApi, account_id: str, region: str) -> None:
        self._aws = aws
        self._account_id = account_id
        self._region = region

    def parameters(self, names: Sequence[str]) -> dict[str, str]:
        """The values of Systems Manager parameters by name; those that are not there are left out."""
        found: dict[str, str] = {}
        for name in names:
            try:
                found[name] = self.parameter(name, None, secure=False)
            except ValidationError:
                continue
        return found

    def parameter(self, name: str, version: str | None, *, secure: bool) -> str:
        """The value of one Systems Manager parameter."""
        full_name = name if version is None else f"{name}:{version}"
        try:
            answer = self._client("ssm").get_parameter(Name=full_name, WithDecryption=secure)
        except ClientError as error:
            raise ValidationError(f"Parameters: [ssm:{full_name}] cannot be found.") from error
        return str(answer["Parameter"]["Value"])

    def secret(self, secret_id: str, *, version_stage: str | None, version_id: str | None) -> str:
        """The text of one secret."""
        wanted = {"VersionStage": version_stage, "VersionId": version_id}
        try:
            answer = self._client("secretsmanager").get_secret_value(
                SecretId=secret_id, **{key: value for key, value in wanted.items() if value is not None}
            )
        except ClientError as error:
            raise ValidationError(f"Secrets Manager can't find the specified secret {secret_id}.") from error
        return str(answer["SecretString"])

    def availability_zones(self, region: str) -> list[str]:
        """The names of a region's zones, or of the stack's own region where none is named."""
        client = self._aws.client("ec2", account_id=self._account_id, region=region or self._region)
        return sorted(zone["ZoneName"] for zone in client.describe_availability_zones()["AvailabilityZones"])

    def template_body(self, url: str) -> str:
        """The text of a template in S3, by any of the forms of its URL."""
        parts = urlsplit(url)
        match = _S3_HOST.fullmatch(parts.hostname or "")
        path = unquote(parts.path).lstrip("/")
        bucket, _, key = path.partition("/")
        if match and (in_host := match["bucket"] or match["local"]):
            bucket, key = in_host.removesuffix(".s3"), path
        if not match or not bucket or not key:
            raise ValidationError(f"TemplateURL must be a supported URL: {url} is none of S3's.")
        try:
            answer = self._client("s3").get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise ValidationError(f"S3 error: Access Denied or no such object: s3://{bucket}/{key}") from error
        return bytes(answer["Body"].read()).decode()

    def _client(self, service: str) -> Any:
        return self._aws.client(service, account_id=self._account_id, region=self._region)
