"""What the container of the service is told: the variables that service/settings.py reads, and their values here.

The two may not import each other; tests/contract ties the names.
"""

from collections.abc import Mapping

PORT = 8000
# The only folder that a task can write to.
WRITABLE_FOLDER = "/tmp"  # noqa: S108 - a volume of its own for each task, not the machine's
# After SIGTERM. The load balancer has drained the task before, so little is left to end.
SHUTDOWN_GRACE_S = 30
# Who closes an idle connection first must be the one that sends requests into it.
_KEEP_ALIVE_MARGIN_S = 15


def describe_environment(
    *,
    region: str,
    vpc_cidr: str,
    published_path: str,
    bucket_name: str,
    api_keys_arn: str,
    max_answers: int,
    answer_timeout_s: int,
    idle_timeout_s: int,
) -> Mapping[str, str]:
    """Return the container's environment. It holds no secret: only where the keys' hashes are.

    Args:
        region: where the AWS services are called.
        vpc_cidr: where the load balancer stands, whose word on who calls is taken.
        published_path: where the endpoint's address is published.
        bucket_name: where the documents are.
        api_keys_arn: the secret with the keys.
        max_answers: answers at once.
        answer_timeout_s: for one answer.
        idle_timeout_s: the load balancer's; the service keeps a connection for longer.
    """
    settings = {
        "HOST": "0.0.0.0",  # noqa: S104 - the network interface is the task's own, behind a security group
        "PORT": str(PORT),
        "TRUSTED_PROXIES": vpc_cidr,
        "ENDPOINT_SSM_PATH": published_path,
        "STORE": f"s3://{bucket_name}/knowledge",
        "SPOOL_FOLDER": f"{WRITABLE_FOLDER}/spool",
        "API_KEYS_SECRET": api_keys_arn,
        "MAX_ANSWERS": str(max_answers),
        "ANSWER_TIMEOUT_S": str(answer_timeout_s),
        "KEEP_ALIVE_S": str(idle_timeout_s + _KEEP_ALIVE_MARGIN_S),
        "SHUTDOWN_GRACE_S": str(SHUTDOWN_GRACE_S),
    }
    # Of the two names for it, the one that boto3 reads.
    return {"AWS_DEFAULT_REGION": region} | {f"TWIN_SERVICE_{name}": value for name, value in settings.items()}
