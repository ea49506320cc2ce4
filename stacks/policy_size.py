"""Whether IAM takes the policies that grow with what an endpoint hosts, before any of it is there.

CloudFormation would find out at the end: callers get their permission when all components are in service. IAM counts
the characters of a policy without white space: 6,144 of a managed policy, 10,240 of all the policies within a role.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

The sizes are reckoned, with the longest name that a partition has; tests/stacks/test_policy_size.py holds them against
the templates.
"""

from typing import TYPE_CHECKING

from stacks.errors import NotAllowedError

if TYPE_CHECKING:
    from stacks.settings import DeploymentSettings

_MOST_OF_MANAGED, _MOST_IN_ROLE = 6144, 10_240
_PARTITION, _ACCOUNT = "aws-us-gov", "0" * 12
# Quotes and a comma around each resource.
_AROUND = 3
# What of them does not depend on how many there are.
_CALLERS_OWN, _ROLE_OWN = 400, 950
# What a statement has around the resources that it names.
_STATEMENTS = 170


def check_policy_sizes(settings: "DeploymentSettings") -> None:
    """Refuse more components, or longer places in S3, than IAM's policies have room for.

    Raises:
        NotAllowedError: the policy of the callers or those of the execution role would be too long.
    """
    many = f"{len(settings.adapter_components)} adapters and {len(settings.beside_components)} models beside"
    setting = "adapters" if settings.adapter_components else "beside"
    if count_callers_characters(settings) > _MOST_OF_MANAGED:
        raise NotAllowedError(
            setting=setting,
            value=many,
            allowed=f"as many as a policy of {_MOST_OF_MANAGED} characters can name, which lets callers ask them",
        )
    if count_role_characters(settings) > _MOST_IN_ROLE:
        raise NotAllowedError(
            setting=setting,
            value=many,
            allowed=f"as many, with names in S3 as long, as a role's policies of {_MOST_IN_ROLE} characters can name",
        )


def count_callers_characters(settings: "DeploymentSettings") -> int:
    """Return the greatest size of the policy that lets callers invoke and describe everything on the endpoint."""
    arn = f"arn:{_PARTITION}:sagemaker:{settings.region}:{_ACCOUNT}"
    names = (settings.component_name, *settings.adapter_components, *settings.beside_components)
    components = sum(len(f"{arn}:inference-component/{name}") + _AROUND for name in names)
    # The endpoint stands in both statements.
    return _CALLERS_OWN + 2 * len(f"{arn}:endpoint/{settings.endpoint_name}") + components


def count_role_characters(settings: "DeploymentSettings") -> int:
    """Return the greatest size of the policies of the role that reads weights and adapters."""
    arn = len(f"arn:{_PARTITION}:s3:::") + _AROUND
    weights = sum(_STATEMENTS + 2 * (arn + len(uri)) for uri in settings.weights_in_s3)
    # An archive is read by its name, and looked for by its key in its bucket.
    archives = [one.s3_uri.removeprefix("s3://") for one in settings.adapter_components.values()]
    buckets = {one.partition("/")[0] for one in archives}
    adapters = sum(arn + len(one) + len(one.partition("/")[2]) + _AROUND for one in archives)
    adapters += sum(_STATEMENTS + arn + len(one) for one in buckets)
    keys = sum(
        _STATEMENTS + len(key) for key in (settings.s3_kms_key_arn, settings.kms_key and settings.kms_key.arn) if key
    )
    captured = _STATEMENTS + arn + len(settings.data_capture.s3_uri) if settings.data_capture else 0
    return _ROLE_OWN + weights + adapters + keys + captured
