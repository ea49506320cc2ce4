"""Scheduled scaling: an endpoint that sleeps is kept awake in the hours that are set."""

import json
import re

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from stacks.context import read_settings
from stacks.errors import NotAllowedError

HOURS = "MON-FRI 08:00-18:30 Europe/Berlin"


@pytest.fixture(scope="module")
def file(synthesize):
    return synthesize(stage="dev", office_hours=HOURS)


def target_of(template):
    (target,) = (
        body["Properties"] for body in template["Resources"].values() if body["Type"].endswith("::ScalableTarget")
    )
    return target


def test_a_copy_is_there_when_they_open_and_may_go_when_they_close(file):
    target = target_of(json.loads(file.read_text(encoding="utf-8")))
    assert target["MinCapacity"] == 0
    assert target["ScheduledActions"] == [
        {
            "ScheduledActionName": "opening",
            "Schedule": "cron(0 8 ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "ScalableTargetAction": {"MinCapacity": 1},
        },
        {
            "ScheduledActionName": "closing",
            "Schedule": "cron(30 18 ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "ScalableTargetAction": {"MinCapacity": 0},
        },
    ]


def test_nothing_else_changes(file, templates):
    with_hours = json.loads(file.read_text(encoding="utf-8"))
    del target_of(with_hours)["ScheduledActions"]
    assert with_hours == templates["dev"]


def test_cfn_lint_finds_nothing(file):
    config = ManualArgs(regions=["us-east-1"], ignore_checks=["W3005"])
    assert [str(found) for found in lint(file.read_text(encoding="utf-8"), config=config)] == []


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_no_stage_has_any_unless_they_are_set(stage):
    assert read_settings({"stage": stage}, {}).office_hours is None


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("9 to 5", "days, hours of one day and a time zone, as MON-FRI 08:00-18:00 UTC"),
        ("MON-FRI 18:00-08:00 UTC", "days, hours of one day and a time zone, as MON-FRI 08:00-18:00 UTC"),
        ("MON-FRI 08:00-24:00 UTC", "days, hours of one day and a time zone, as MON-FRI 08:00-18:00 UTC"),
        ("MON-FRI 08:00-18:00 Mars/Olympus", "a time zone by its IANA name, as Europe/Berlin"),
    ],
)
def test_hours_that_cannot_be_are_refused(text, allowed):
    with pytest.raises(NotAllowedError, match=f"^{re.escape(f'office_hours is {text!r}. Allowed: {allowed}.')}$"):
        read_settings({"stage": "dev", "office_hours": text}, {})


def test_an_endpoint_that_never_sleeps_has_no_office_hours():
    message = f"office_hours is '{HOURS}'. Allowed: only beside min_copies=0: with 2 the endpoint never sleeps."
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read_settings({"stage": "prod", "office_hours": HOURS}, {})
