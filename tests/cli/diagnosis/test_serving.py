from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.diagnosis.evidence import Evidence
from cli.diagnosis.serving import Component, Serving

BEGAN = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER, EARLIER = BEGAN + timedelta(minutes=1), BEGAN - timedelta(minutes=1)
WHOLE = Component(
    name="llm",
    status="InService",
    model="m",
    image="i",
    desired_copies=1,
    current_copies=1,
    failure_reason="",
    modified_at=EARLIER,
)
ACTIVITY = Evidence(source="scaling activity of inference-component/llm", time=LATER, text="Failed: no capacity")


def told(*components, scaling_failed=False):
    serving = Serving(
        endpoints=(),
        components=components,
        endpoint_names=(),
        component_names=(),
        gone=(),
        activities=(ACTIVITY,),
        scaling_failed=scaling_failed,
    )
    return [piece.text for piece in serving.list_evidence(since=BEGAN)]


@pytest.mark.parametrize(
    ("component", "texts"),
    [
        (WHOLE, []),
        (replace(WHOLE, desired_copies=0, current_copies=0), []),
        # The reason of an update that was rolled back stays where it is until the next one.
        (replace(WHOLE, failure_reason="rolled back"), []),
        (replace(WHOLE, failure_reason="rolled back", modified_at=LATER), ["rolled back"]),
        (replace(WHOLE, failure_reason="no room", desired_copies=2), ["no room", "status InService, 1 of 2 copies"]),
        (replace(WHOLE, status="Failed", current_copies=0), ["status Failed, 0 of 1 copies"]),
    ],
)
def test_what_speaks_against_health_is_told_and_nothing_else(component, texts):
    assert told(component) == texts


def test_scaling_is_told_of_when_its_newest_activity_failed():
    assert told(WHOLE, scaling_failed=True) == [ACTIVITY.text]
