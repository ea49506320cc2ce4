import time

import pytest
from moto.logs.models import logs_backends

from local.aws.containers import cloudwatch_logs
from local.aws.containers.cloudwatch_logs import CloudWatchLogs

PLACE = {"account_id": "123456789012", "region": "eu-north-1"}


def write(log: CloudWatchLogs, *lines: str) -> None:
    log.write(group="group", stream="stream", lines=lines, time_ms=int(time.time() * 1000))


def stored() -> list[str]:
    stream = logs_backends[PLACE["account_id"]][PLACE["region"]].groups["group"].streams["stream"]
    return [event.message for event in stream.events]


def test_a_deleted_group_is_made_again() -> None:
    log = CloudWatchLogs(**PLACE)
    write(log, "before")
    logs_backends[PLACE["account_id"]][PLACE["region"]].delete_log_group("group")
    write(log, "after")
    assert stored() == ["after"]


def test_only_the_newest_lines_of_a_stream_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch_logs, "_MAX_EVENTS_PER_STREAM", 10)
    log = CloudWatchLogs(**PLACE)
    logs_backends[PLACE["account_id"]][PLACE["region"]].groups.pop("group", None)
    for number in range(8):
        write(log, f"{number}a", f"{number}b")
    assert stored() == [f"{number}{letter}" for number in range(3, 8) for letter in "ab"]
