"""Joins what was read into one verdict: what the state is, why, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cli.diagnosis.cause import Finding, find_cause
from cli.diagnosis.causes import CAUSES
from cli.diagnosis.container_log import COMPONENT_GROUP, read_last_lines
from cli.diagnosis.drift import compare
from cli.diagnosis.evidence import Evidence
from cli.diagnosis.facts import find_component, has_containers, read_facts
from cli.diagnosis.serving import Serving, read_serving
from cli.diagnosis.stack_history import StackHistory, read_stack_history, read_stacks_beside
from cli.owner import Owner

if TYPE_CHECKING:
    from boto3 import Session

_SHOWN_LINES = 8
_NEW_ONE = "A stack in this state cannot be updated: the next `cdk deploy` deletes it first."
# What a person must know of a state before anything else can be done.
_STATE_NOTES = {
    "ROLLBACK_COMPLETE": _NEW_ONE,
    "ROLLBACK_FAILED": f"The rollback failed, too: what it left may be billed (`twin down --verify`). {_NEW_ONE}",
    "UPDATE_ROLLBACK_FAILED": "The rollback failed, too, and until it is finished no update is possible: "
    "`aws cloudformation continue-update-rollback --stack-name {stack}`, with --resources-to-skip for what is gone.",
    "DELETE_FAILED": "The deletion failed: what is left of the stack may be billed (`twin down --verify`).",
}
_NO_LINES = "The container never started, or its role may not write logs: there is no line of it in CloudWatch Logs."


class Verdict(StrEnum):
    """What the state is."""

    HEALTHY = "healthy"
    CAUSE_FOUND = "cause-found"
    UNEXPLAINED = "unexplained"
    IN_PROGRESS = "in-progress"
    NOT_DEPLOYED = "not-deployed"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """One diagnosis.

    Attributes:
        finding: the cause; None where nothing is wrong, or nothing known.
        notes: what a person must know beside it, as that a rollback has hidden the failure.
        evidence: what it rests on, the decisive piece first.
    """

    stack: str
    stack_status: str
    verdict: Verdict
    finding: Finding | None
    notes: tuple[str, ...]
    evidence: tuple[Evidence, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        finding = self.finding
        return {
            "verdict": self.verdict.value,
            "stack": self.stack,
            "stack_status": self.stack_status,
            "cause": finding
            and {"name": finding.name, "explanation": finding.explanation, "next_step": finding.next_step},
            "notes": list(self.notes),
            "evidence": [piece.to_json() for piece in self.evidence],
        }


def diagnose(session: "Session", owner: Owner) -> Diagnosis:
    """Read what there is and say what is wrong.

    Raises:
        NotDeployedError: there never was anything to be wrong.
        UsageError: several stacks are deployed, and no stage was named.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS could not be asked.
    """
    history = read_stack_history(session, owner)
    serving = read_serving(session, history)
    signs = [*history.failures, *serving.list_evidence(since=history.began_at), *compare(history, serving)]
    if history.is_settled_well and not signs:
        notes = _healthy_notes(serving)
        for beside in read_stacks_beside(session, history.name):
            if not beside.is_settled_well and not beside.is_in_progress:
                blamed = _blame(beside)
                told = [blamed.decisive, *(piece for piece in beside.failures if piece is not blamed.decisive)]
                return _conclude(history, Verdict.CAUSE_FOUND, blamed, notes, told)
        return _conclude(history, Verdict.HEALTHY, None, notes, serving.activities)
    if history.is_deleted and not history.failures:
        return _conclude(history, Verdict.NOT_DEPLOYED, None, ["The stack was deleted, and nothing had failed."], ())
    lines = read_last_lines(
        session,
        components=serving.component_names,
        endpoints=serving.endpoint_names,
        since=history.began_at,
    )

    def its_lines(piece: Evidence) -> list[Evidence]:
        component = find_component(history, piece)
        return [line for line in lines if f"{COMPONENT_GROUP}{component.name}," in line.source] if component else lines

    def facts(piece: Evidence) -> dict[str, str]:
        printed = "Its last lines are below." if its_lines(piece) else _NO_LINES
        return {**read_facts(history, piece), "printed": printed}

    finding = find_cause(CAUSES, [*signs, *reversed(lines)], facts)
    subject = finding.decisive if finding else next(iter(signs), None)
    shown = its_lines(subject) if subject else lines
    told = [*signs, *shown[-_SHOWN_LINES:]]
    if not shown and _containers_were_begun(history, serving):
        told.append(Evidence(source="CloudWatch Logs", time=None, text=_NO_LINES))
    if finding is not None:
        told = [finding.decisive, *(piece for piece in told if piece is not finding.decisive)]
        return _conclude(history, Verdict.CAUSE_FOUND, finding, _failure_notes(history, serving), told)
    if history.is_in_progress and not history.failures:
        return _conclude(
            history, Verdict.IN_PROGRESS, None, [f"The deployment began at {history.began_at:%H:%M} UTC."], told
        )
    return _conclude(history, Verdict.UNEXPLAINED, None, _failure_notes(history, serving), told)


def _blame(beside: StackHistory) -> Finding:
    """Return a stack that failed beside an endpoint that serves; what its events say is not explained here."""
    status = Evidence(source=f"stack {beside.name}", time=beside.began_at, text=f"status {beside.status}")
    return Finding(
        name="stack-beside-failed",
        explanation=f"The endpoint serves, and the stack {beside.name} beside it is {beside.status}.",
        next_step=f"Mend what its first event names, and deploy it again (`cdk deploy {beside.name}`).",
        decisive=next(iter(beside.failures), status),
    )


def _containers_were_begun(history: StackHistory, serving: Serving) -> bool:
    """Whether the trouble is a component's: what is refused before it has no container to print anything."""
    failed = [component for failure in history.failures if (component := find_component(history, failure))]
    return any(has_containers(component) for component in failed) or not all(
        component.is_whole for component in serving.components if not component.adapter_of
    )


def _conclude(
    history: StackHistory, verdict: Verdict, finding: Finding | None, notes: list[str], evidence: Iterable[Evidence]
) -> Diagnosis:
    return Diagnosis(
        stack=history.name,
        stack_status=history.status,
        verdict=verdict,
        finding=finding,
        notes=tuple(notes),
        evidence=tuple(evidence),
    )


def _healthy_notes(serving: Serving) -> list[str]:
    return [
        f"{component.name} has no copy now: it is scaled to zero, and the first request starts one."
        for component in serving.components
        if component.desired_copies == 0 and not component.adapter_of
    ]


def _failure_notes(history: StackHistory, serving: Serving) -> list[str]:
    notes = []
    if history.status == "UPDATE_ROLLBACK_COMPLETE":
        notes.append(
            "The last update is not live: CloudFormation rolled it back, and what served before it serves again, "
            "although the endpoint says InService."
        )
    elif history.is_deleted or history.status == "ROLLBACK_COMPLETE":
        notes.append("Nothing serves: the stack's creation was rolled back.")
    elif history.is_settled_well and serving.components:
        notes.append(f"The stack says {history.status}, and is not what it says.")
    elif history.is_in_progress:
        notes.append(f"The stack is still {history.status}.")
    if note := _STATE_NOTES.get(history.status):
        notes.append(note.format(stack=history.name))
    return notes
