"""The facts of a deployment that an explanation names: image, model, instance, time to start.

They come from the properties in CloudFormation's events, so that they are there when the resources are not. A stack may
have several models: the facts are those of what a piece of evidence is about.
"""

import re
from collections.abc import Mapping
from typing import Any

from cli.diagnosis.evidence import Evidence
from cli.diagnosis.stack_history import Asked, StackHistory

_COMPONENT = "AWS::SageMaker::InferenceComponent"
_CONFIG = "AWS::SageMaker::EndpointConfig"
_MODEL = "AWS::SageMaker::Model"
_DEFAULTS = {
    "alarm": "that watches it",
    "image": "of the model",
    "model": "the model",
    "revision": "that it is pinned to",
    "instance": "the instance type",
    "startup_timeout": "(unknown)",
}


def find_component(history: StackHistory, piece: Evidence) -> Asked | None:
    """The component that a piece of evidence is about; None where it names none."""
    return _find_named(history, _COMPONENT, piece)


def has_containers(component: Asked) -> bool:
    """Whether a component has containers of its own: an adapter answers on its base's."""
    return "BaseInferenceComponentName" not in _specify(component.properties)


def read_facts(history: StackHistory, piece: Evidence) -> dict[str, str]:
    """What was asked for of that which a piece of evidence is about, by the names that the texts of causes use."""
    component = find_component(history, piece)
    if component:
        named = _specify(component.properties).get("ModelName", "")
        model = next((it for it in _of_type(history, _MODEL) if it.name.lower() == named.lower()), None)
    else:
        model = _find_named(history, _MODEL, piece)
    facts = dict(_DEFAULTS)
    for type_, asked, read in (
        (_MODEL, model, _of_model),
        (_CONFIG, None, _of_config),
        (_COMPONENT, component, _of_component),
    ):
        its = asked or next(iter(_of_type(history, type_)), None)
        facts |= {name: value for name, value in read(its.properties if its else {}).items() if value}
    return facts


def _of_type(history: StackHistory, type_: str) -> list[Asked]:
    return [it for it in history.asked_for if it.type == type_]


def _find_named(history: StackHistory, type_: str, piece: Evidence) -> Asked | None:
    """What the source of a piece of evidence names: stack events by the logical id, all others by the name."""
    words = {word.lower() for word in re.findall(r"[\w-]+", piece.source)}
    return next((it for it in _of_type(history, type_) if {it.logical_id.lower(), it.name.lower()} & words), None)


def _specify(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a component's copies are; on instance pools the same for each type."""
    specification: Any = properties.get("Specification") or next(iter(properties.get("Specifications", [])), {})
    return specification  # type: ignore[no-any-return]  # AWS's JSON


def _of_model(properties: Mapping[str, Any]) -> dict[str, str]:
    container = properties.get("PrimaryContainer", {})
    environment = container.get("Environment", {})
    return {
        "image": container.get("Image", ""),
        "model": environment.get("HF_MODEL_ID", ""),
        "revision": environment.get("HF_MODEL_REVISION", ""),
    }


def _of_config(properties: Mapping[str, Any]) -> dict[str, str]:
    variants = properties.get("ProductionVariants") or [{}]
    pools = [pool.get("InstanceType", "") for pool in variants[0].get("InstancePools", [])]
    return {"instance": variants[0].get("InstanceType", "") or " or ".join(pools)}


def _of_component(properties: Mapping[str, Any]) -> dict[str, str]:
    startup = _specify(properties).get("StartupParameters", {})
    return {"startup_timeout": str(startup.get("ContainerStartupHealthCheckTimeoutInSeconds", ""))}
