from typing import Any

import pytest

from local.aws.cloudformation.errors import CloudFormationError
from tests.local.aws.cloudformation.lab import Lab, history, resources, topic


def exporter(value: str = "one", export: str = "shared") -> dict[str, Any]:
    return {**resources(Topic=topic(value)), "Outputs": {"Out": {"Value": value, "Export": {"Name": export}}}}


IMPORTER = resources(User=topic({"Fn::ImportValue": "shared"}))


def test_an_export_reaches_another_stack(lab: Lab) -> None:
    lab.deploy(exporter(), name="giver")
    stack = lab.deploy(IMPORTER, name="taker")
    assert stack.resources["User"].properties["DisplayName"] == "one"
    assert lab.cloudformation.stacks.importers("shared") == ["taker"]


def test_an_export_that_is_not_there_is_refused_by_name(lab: Lab) -> None:
    with pytest.raises(CloudFormationError, match="No export named shared found"):
        lab.deploy(IMPORTER, name="taker")
    assert lab.cloudformation.stacks.find("taker") is None


def test_two_stacks_cannot_export_one_name(lab: Lab) -> None:
    lab.deploy(exporter(), name="giver")
    stack = lab.deploy(exporter("two"), name="other")
    assert stack.status == "ROLLBACK_COMPLETE"
    reason = next(event.status_reason for event in stack.events if event.status == "ROLLBACK_IN_PROGRESS")
    assert reason == "Export with name shared is already exported by stack giver. Rollback requested by user."


@pytest.mark.parametrize(("changed", "verb"), [(exporter("two"), "updated"), (exporter(export="renamed"), "deleted")])
def test_an_export_in_use_can_be_neither_changed_nor_removed(lab: Lab, changed: dict[str, Any], verb: str) -> None:
    lab.deploy(exporter(), name="giver")
    lab.deploy(IMPORTER, name="taker")
    stack = lab.deploy(changed, name="giver")
    assert history(stack)[-1] == "UPDATE_ROLLBACK_COMPLETE"
    reason = next(event.status_reason for event in stack.events if event.status == "UPDATE_ROLLBACK_IN_PROGRESS")
    assert reason == f"Export shared cannot be {verb} as it is in use by taker. "
    assert lab.cloudformation.stacks.export("shared") == "one"


def test_a_stack_whose_export_is_in_use_stays_as_in_aws(lab: Lab) -> None:
    lab.deploy(exporter(), name="giver")
    lab.deploy(IMPORTER, name="taker")
    lab.delete("giver")
    stack = lab.cloudformation.find("giver")
    assert stack.status == "CREATE_COMPLETE"
    assert stack.status_reason == "Delete canceled. Cannot delete export shared as it is in use by taker."
    lab.delete("taker")
    lab.delete("giver")
    assert stack.is_deleted
