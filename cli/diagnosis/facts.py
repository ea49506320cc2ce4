"""The facts of a deployment that an explanation names: image, model, instance, time to start.

They come from the properties in CloudFormation's events, so that they are there when the resources are not.
"""

from collections.abc import Mapping
from typing import Any

from cli.diagnosis.stack_history import StackHistory

_DEFAULTS = {
    "image": "of the model",
    "model": "the model",
    "revision": "that it is pinned to",
    "instance": "the instance type",
    "startup_timeout": "(unknown)",
}


def read_facts(history: StackHistory) -> dict[str, str]:
    """What the last deployment asked for, by the names that the texts of causes use."""
    facts = dict(_DEFAULTS)
    for type_, read in (
        ("AWS::SageMaker::Model", _of_model),
        ("AWS::SageMaker::EndpointConfig", _of_config),
        ("AWS::SageMaker::InferenceComponent", _of_component),
    ):
        facts |= {name: value for name, value in read(history.asked_for.get(type_, {})).items() if value}
    return facts


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
    specification: Any = properties.get("Specification") or next(iter(properties.get("Specifications", [])), {})
    startup = specification.get("StartupParameters", {})
    return {"startup_timeout": str(startup.get("ContainerStartupHealthCheckTimeoutInSeconds", ""))}
