import threading
import time

import pytest

from local.aws.api import AwsApi
from local.aws.cloudformation.errors import CloudFormationError
from local.aws.cloudformation.schema import SchemaCatalogue
from tests.local.aws.cloudformation.lab import Lab, events_of, history, resources, topic


def test_a_stack_is_deleted_in_the_reverse_of_the_order_it_was_made_in(lab: Lab) -> None:
    stack = lab.deploy(resources(A=topic(), B=topic({"Ref": "A"}), C=topic({"Ref": "B"})))
    lab.provider.take_calls()
    lab.delete()
    assert lab.provider.take_calls() == ["delete C", "delete B", "delete A"]
    assert history(stack)[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert lab.cloudformation.stacks.find("stack") is None
    assert lab.cloudformation.stacks.find(stack.id) is stack


def test_a_stack_that_is_not_there_is_deleted_already(lab: Lab) -> None:
    lab.delete("nothing")


def test_what_cannot_be_deleted_keeps_what_it_was_made_after(lab: Lab) -> None:
    stack = lab.deploy(resources(A=topic(), B=topic({"Ref": "A"}), Other=topic()))
    lab.provider.fails = {"delete B": "it holds objects"}
    lab.delete()
    assert stack.status == "DELETE_FAILED"
    assert stack.status_reason == "The following resource(s) failed to delete: [B]. "
    assert set(stack.resources) == {"A", "B"}
    assert [event.status_reason for event in stack.events if event.status == "DELETE_FAILED"][1] == "it holds objects"
    lab.provider.fails = {}
    lab.delete()
    assert stack.status == "DELETE_COMPLETE"
    assert lab.provider.made == {}


def test_a_failed_deletion_can_go_on_without_what_cannot_be_deleted(lab: Lab) -> None:
    stack = lab.deploy(resources(A=topic(), B=topic({"Ref": "A"})))
    lab.provider.fails = {"delete B": "never"}
    with pytest.raises(CloudFormationError, match="RetainResources can be given for a stack in DELETE_FAILED only"):
        lab.delete(retain=frozenset({"B"}))
    lab.delete()
    lab.delete(retain=frozenset({"B"}))
    assert stack.status == "DELETE_COMPLETE"
    assert list(lab.provider.made) == ["B-1"]


def test_a_forced_deletion_forgets_what_cannot_be_deleted(lab: Lab) -> None:
    stack = lab.deploy(resources(A=topic()))
    lab.provider.fails = {"delete A": "never"}
    lab.delete(force=True)
    assert stack.status == "DELETE_COMPLETE"


def test_a_retained_resource_is_left_where_it_is(lab: Lab) -> None:
    stack = lab.deploy(resources(Kept=topic(DeletionPolicy="Retain"), Gone=topic()))
    lab.delete()
    assert events_of(stack, "Kept")[-1] == "DELETE_SKIPPED"
    assert [id_.partition("-")[0] for id_ in lab.provider.made] == ["Kept"]


def test_termination_protection_refuses(lab: Lab) -> None:
    stack = lab.deploy(resources(Topic=topic()))
    stack.termination_protection = True
    with pytest.raises(CloudFormationError, match="cannot be deleted while TerminationProtection is enabled"):
        lab.delete()


def test_a_stack_can_be_deleted_while_it_is_being_created(aws: AwsApi, schemas: SchemaCatalogue) -> None:
    lab = Lab(aws=aws, schemas=schemas, settle_s=0.01)
    gate = threading.Event()
    lab.provider.gates = {"Slow": gate}
    stack = lab.deploy(resources(Slow=topic(), After=topic({"Ref": "Slow"})))
    assert stack.status == "CREATE_IN_PROGRESS"
    lab.delete()
    assert stack.status == "DELETE_IN_PROGRESS"
    gate.set()
    _wait_until_settled(stack)
    assert stack.status == "DELETE_COMPLETE"
    assert "create After" not in lab.provider.take_calls()
    assert lab.provider.made == {}


def test_a_stack_cannot_be_deleted_while_it_is_being_updated(aws: AwsApi, schemas: SchemaCatalogue) -> None:
    lab = Lab(aws=aws, schemas=schemas, settle_s=0.5)
    stack = lab.deploy(resources(Topic=topic("a")))
    gate = threading.Event()
    lab.provider.gates = {"Topic": gate}
    lab.deploy(resources(Topic=topic("b")))
    with pytest.raises(CloudFormationError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        lab.delete()
    with pytest.raises(CloudFormationError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        lab.deploy(resources(Topic=topic("c")))
    gate.set()
    _wait_until_settled(stack)


def _wait_until_settled(stack: object) -> None:
    give_up_at = time.monotonic() + 10
    while stack.is_in_progress:  # type: ignore[attr-defined]
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
