"""What SageMaker hosts for the stack now, and what scaling did last: statuses, reasons, copies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.diagnosis.evidence import Evidence
from cli.diagnosis.refusals import describe_refusal
from cli.diagnosis.stack_history import StackHistory

if TYPE_CHECKING:
    from boto3 import Session

_ACTIVITIES = 3


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An endpoint as it is now."""

    name: str
    status: str
    config: str
    failure_reason: str
    modified_at: datetime

    @property
    def is_whole(self) -> bool:
        """Whether it serves."""
        return self.status == "InService"


@dataclass(frozen=True, kw_only=True)
class Component:
    """An inference component as it is now.

    Attributes:
        model: the SageMaker model that its copies are made of, or "".
        image: that its copies run, or "".
        adapter_of: the component on whose copies it answers, or "" for one that has copies of its own.
    """

    name: str
    status: str
    model: str
    image: str
    desired_copies: int
    current_copies: int
    failure_reason: str
    modified_at: datetime
    adapter_of: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether as many copies serve as there should be."""
        return self.status == "InService" and self.current_copies >= self.desired_copies


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What is there of what the stack should host.

    Attributes:
        endpoint_names: of the endpoints that there are or were, for their logs.
        component_names: of the components that there are or were.
        gone: the endpoint configurations and models that serve and have been deleted.
        activities: what scaling did last since the deployment began, newest first.
        scaling_failed: whether the newest activity of a component failed.
    """

    endpoints: tuple[Endpoint, ...]
    components: tuple[Component, ...]
    endpoint_names: tuple[str, ...]
    component_names: tuple[str, ...]
    gone: tuple[Evidence, ...]
    activities: tuple[Evidence, ...]
    scaling_failed: bool

    def list_evidence(self, *, since: datetime) -> list[Evidence]:
        """What speaks against health, reasons first.

        Args:
            since: when the last deployment began. SageMaker keeps the reason of an update that it rolled back; what
                has been whole since before is of an earlier deployment.
        """
        told = [
            Evidence(source=f"FailureReason of {noun} {it.name}", time=it.modified_at, text=it.failure_reason)
            for noun, those in (("inference component", self.components), ("endpoint", self.endpoints))
            for it in those
            if it.failure_reason and (it.modified_at >= since or not it.is_whole)
        ]
        statuses = [
            Evidence(source=f"endpoint {it.name}", time=it.modified_at, text=f"status {it.status}")
            for it in self.endpoints
            if not it.is_whole
        ]
        statuses += [
            Evidence(
                source=f"inference component {it.name}",
                time=it.modified_at,
                text=f"status {it.status}, {it.current_copies} of {it.desired_copies} copies",
            )
            for it in self.components
            if not it.is_whole
        ]
        return [*told, *statuses, *(self.activities if self.scaling_failed else ())]


def read_serving(session: "Session", history: StackHistory) -> Serving:
    """Describe the stack's endpoints and components; those that are gone are left out."""
    client: Any = session.client("sagemaker")
    endpoints = [
        found
        for resource in history.of_type("AWS::SageMaker::Endpoint")
        if resource.name and (found := _read_endpoint(client, resource.name))
    ]
    components = [
        component
        for resource in history.of_type("AWS::SageMaker::InferenceComponent")
        if resource.name and (component := _read_component(client, resource.name))
    ]
    activities = [_read_activities(session, component.name, since=history.began_at) for component in components]
    return Serving(
        endpoints=tuple(endpoints),
        components=tuple(components),
        endpoint_names=_names(endpoints, history, "AWS::SageMaker::Endpoint"),
        component_names=_names(components, history, "AWS::SageMaker::InferenceComponent"),
        gone=tuple(_list_gone(client, endpoints, components)),
        activities=tuple(activity for those in activities for activity in those),
        scaling_failed=any(those and those[0].text.startswith("Failed:") for those in activities),
    )


def _names(found: Iterable[Endpoint | Component], history: StackHistory, type_: str) -> tuple[str, ...]:
    names = {it.name.lower(): it.name for it in found}
    for resource in history.of_type(type_):
        if resource.name:
            names.setdefault(resource.name.lower(), resource.name)
    return tuple(names.values())


def _list_gone(client: Any, endpoints: Iterable[Endpoint], components: Iterable[Component]) -> Iterable[Evidence]:
    """What serves runs on without them, and no further copy of it can be started."""
    for noun, names, describe, argument in (
        (
            "endpoint configuration",
            (it.config for it in endpoints),
            client.describe_endpoint_config,
            "EndpointConfigName",
        ),
        ("model", (it.model for it in components), client.describe_model, "ModelName"),
    ):
        for name in filter(None, names):
            try:
                describe(**{argument: name})
            except ClientError as error:
                if not _is_gone(error):
                    raise
                yield Evidence(
                    source=f"{noun} {name}", time=None, text=f"status none: what serves is made of this {noun}"
                )


def _read_endpoint(client: Any, name: str) -> Endpoint | None:
    try:
        described = client.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if _is_gone(error):
            return None
        raise
    return Endpoint(
        name=described["EndpointName"],
        status=described["EndpointStatus"],
        config=described.get("EndpointConfigName", ""),
        failure_reason=described.get("FailureReason", ""),
        modified_at=described["LastModifiedTime"],
    )


def _read_component(client: Any, name: str) -> Component | None:
    try:
        described = client.describe_inference_component(InferenceComponentName=name)
    except ClientError as error:
        if _is_gone(error):
            return None
        raise
    # On instance pools there is a specification for each type; the stacks give all the same model.
    specification: Any = described.get("Specification") or next(iter(described.get("Specifications", [])), {})
    copies = described.get("RuntimeConfig", {})
    return Component(
        name=described["InferenceComponentName"],
        status=described["InferenceComponentStatus"],
        model=specification.get("ModelName", ""),
        image=specification.get("Container", {}).get("DeployedImage", {}).get("SpecifiedImage", ""),
        desired_copies=copies.get("DesiredCopyCount", 0),
        current_copies=copies.get("CurrentCopyCount", 0),
        failure_reason=described.get("FailureReason", ""),
        modified_at=described["LastModifiedTime"],
        adapter_of=specification.get("BaseInferenceComponentName", ""),
    )


def _is_gone(error: ClientError) -> bool:
    """SageMaker answers a name that it does not know with a ValidationException, told apart by its text only."""
    return "Could not find" in error.response.get("Error", {}).get("Message", "")


def _read_activities(session: "Session", component: str, *, since: datetime) -> list[Evidence]:
    resource_id = f"inference-component/{component}"
    try:
        answer = session.client("application-autoscaling").describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=resource_id, MaxResults=_ACTIVITIES
        )
    except ClientError as error:
        return [describe_refusal(f"scaling activity of {resource_id}", error)]
    # Older ones are of an earlier deployment, or of a component that had the name before.
    return [_describe_activity(activity) for activity in answer["ScalingActivities"] if activity["StartTime"] >= since]


def _describe_activity(activity: Any) -> Evidence:
    message = activity.get("StatusMessage") or activity.get("Description", "")
    return Evidence(
        source=f"scaling activity of {activity['ResourceId']}",
        time=activity["StartTime"],
        text=f"{activity['StatusCode']}: {message}",
    )
