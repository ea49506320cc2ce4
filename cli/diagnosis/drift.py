"""What serves against what the stack made: a difference is a rollback that nobody was told of, or somebody's hand.

SageMaker rolls an update back by itself when an alarm goes off or new copies do not come up; the endpoint then is
InService again, with what it had before.
"""

from collections.abc import Iterable

from cli.diagnosis.evidence import Evidence
from cli.diagnosis.serving import Component, Endpoint, Serving
from cli.diagnosis.stack_history import StackHistory

_ENDPOINT = "AWS::SageMaker::Endpoint"
_COMPONENT = "AWS::SageMaker::InferenceComponent"


def compare(history: StackHistory, serving: Serving) -> list[Evidence]:
    """What of a settled stack is gone, or is made of something that the stack does not hold."""
    if history.is_in_progress or history.is_deleted:
        return []
    configs, models = _present(history, "AWS::SageMaker::EndpointConfig"), _present(history, "AWS::SageMaker::Model")
    found = [
        *_find_gone(history, _ENDPOINT, (endpoint.name for endpoint in serving.endpoints)),
        *_find_gone(history, _COMPONENT, (component.name for component in serving.components)),
        *serving.gone,
    ]
    for endpoint in serving.endpoints:
        if endpoint.status == "InService":
            found += _differs(f"endpoint {endpoint.name}", endpoint, "endpoint configuration", configs, endpoint.config)
    for component in serving.components:
        found += _differs(f"inference component {component.name}", component, "model", models, component.model)
    return found


def _present(history: StackHistory, type_: str) -> dict[str, str]:
    """The names of a type's resources that the stack holds now, by their lower case: ARNs are written in it."""
    return {resource.name.lower(): resource.name for resource in history.of_type(type_) if resource.is_present}


def _find_gone(history: StackHistory, type_: str, there: Iterable[str]) -> list[Evidence]:
    names = {name.lower() for name in there}
    return [
        Evidence(source=f"{type_} {name}", time=None, text="status none: the stack has it, and SageMaker has not")
        for key, name in _present(history, type_).items()
        if name and key not in names
    ]


def _differs(
    source: str, it: Endpoint | Component, noun: str, stack_has: dict[str, str], serves: str
) -> list[Evidence]:
    if not serves or not stack_has or serves.lower() in stack_has:
        return []
    has = ", ".join(stack_has.values())
    text = f"the stack has {noun} {has}; what serves is {serves}"
    return [Evidence(source=source, time=it.modified_at, text=text)]
