"""Loading, before anyone asks, of the services that every deployment asks for.

moto loads a service at its first request, which takes up to two seconds each. A bootstrap uses five: without this it
would wait for them one after the other, and then for the CDK CLI's polling interval on top.
"""

import logging
import threading

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.api import AwsApi

_LOG = logging.getLogger(__name__)
_ACCOUNT = "123456789012"
_CALLS = (
    ("sts", "get_caller_identity"),
    ("cloudformation", "list_stacks"),
    ("ssm", "describe_parameters"),
    ("s3", "list_buckets"),
    ("iam", "list_roles"),
    ("ecr", "describe_repositories"),
    ("cloudwatch", "describe_alarms"),
    ("sagemaker", "list_models"),
)


def warm_up(aws: AwsApi, *, region: str) -> None:
    """Make one reading call to each service, from a thread that ends by itself."""
    threading.Thread(target=_call_all, args=(aws, region), name="warm-up", daemon=True).start()


def _call_all(aws: AwsApi, region: str) -> None:
    for service, action in _CALLS:
        try:
            getattr(aws.client(service, account_id=_ACCOUNT, region=region), action)()
        except (BotoCoreError, ClientError):
            _LOG.warning("warming up %s failed", service, exc_info=True)
