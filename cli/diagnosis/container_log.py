"""The last lines that a stack's containers printed, from CloudWatch Logs; or that they printed none."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.diagnosis.evidence import Evidence
from cli.diagnosis.refusals import describe_refusal

if TYPE_CHECKING:
    from boto3 import Session

COMPONENT_GROUP = "/aws/sagemaker/InferenceComponents/"
ENDPOINT_GROUP = "/aws/sagemaker/Endpoints/"

_STREAMS = 3
_LINES = 60
# Clocks of a container's host and of CloudFormation differ by less.
_SLACK_S = 5


def read_last_lines(
    session: "Session", *, components: Iterable[str], endpoints: Iterable[str], since: datetime
) -> list[Evidence]:
    """The last lines of the newest streams, one piece of evidence a line, in the order of their times.

    Args:
        session: whose account and region are read.
        components: names of inference components.
        endpoints: names of endpoints; copies of components are logged under their component.
        since: older lines belong to an earlier deployment.
    """
    client: Any = session.client("logs")
    since_ms = int((since.timestamp() - _SLACK_S) * 1000)
    groups = [COMPONENT_GROUP + name for name in components] + [ENDPOINT_GROUP + name for name in endpoints]
    lines = [line for group in groups for line in _read_group(client, group, since_ms)]
    return sorted(lines, key=lambda line: line.time or datetime.min.replace(tzinfo=UTC))


def _read_group(client: Any, group: str, since_ms: int) -> Iterable[Evidence]:
    try:
        streams = client.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=_STREAMS
        )["logStreams"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            return
        yield describe_refusal(f"log {group}", error)
        return
    for stream in streams:
        name = stream["logStreamName"]
        answer = client.get_log_events(
            logGroupName=group, logStreamName=name, startTime=since_ms, limit=_LINES, startFromHead=False
        )
        for event in answer["events"]:
            yield Evidence(
                source=f"log {group}, {name}",
                time=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                text=event["message"].rstrip(),
            )
