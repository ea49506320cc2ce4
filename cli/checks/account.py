"""The account: whether the credentials are good, and whether the CDK is bootstrapped in the region."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.check import Check, code_of, fix, ok

if TYPE_CHECKING:
    from boto3 import Session

# The parameter of the default qualifier, and the version that every template of the CDK's default synthesizer demands.
# https://github.com/aws/aws-cdk/blob/v2.275.0/packages/aws-cdk-lib/core/lib/stack-synthesizers/default-synthesizer.ts
_VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_LEAST_VERSION = 6


def check_credentials(session: "Session") -> Check:
    """Whether AWS knows the caller."""
    try:
        identity = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return fix(
            "credentials",
            f"{error}. Sign in (`aws sso login`, AWS_PROFILE) for AWS, or start the rehearsal: `make up`.",
        )
    return ok("credentials", f"account {identity['Account']}, {identity['Arn']}")


def check_bootstrap(session: "Session") -> Check:
    """Whether the stack that the CDK deploys through is there and new enough."""
    region = session.region_name
    remedy = f"Run `cdk bootstrap aws://ACCOUNT/{region}` once."
    try:
        version = session.client("ssm").get_parameter(Name=_VERSION_PARAMETER)["Parameter"]["Value"]
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return fix("bootstrap", f"{region} is not bootstrapped ({_VERSION_PARAMETER} is missing). {remedy}")
    if not version.isdigit() or int(version) < _LEAST_VERSION:
        return fix("bootstrap", f"{region} has version {version}, and {_LEAST_VERSION} is needed. {remedy}")
    return ok("bootstrap", f"version {version} in {region}")
