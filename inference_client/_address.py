"""Where an endpoint is and what it can take: one value, from names or from a stack's outputs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import boto3

from . import _outputs
from .errors import ConfigurationError

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@dataclass(frozen=True, kw_only=True)
class EndpointAddress:
    """An endpoint, its component and their limits.

    Only the endpoint's name is needed; what is None is unknown, and nothing is checked against it.

    Attributes:
        inference_component_name: None (or the text "None", as the book's settings have it) lets a client discover it.
        region: None leaves the region to boto3's own chain.
        engine: ``tgi`` or ``vllm``: the form of a prompt is not the same; None is taken for TGI.
        max_input_tokens: the longest prompt.
        max_total_tokens: the longest prompt and answer together.
        variant_name: the production variant that hosts the component.
        adapters: the LoRA adapters that a request may ask for; empty where there are none.
        adapter_components: which component answers for each of them, where they have components of their own; empty
            where the engine itself tells them apart.
        beside_components: the component of each further model on the endpoint.

    Raises:
        ConfigurationError: on construction, for a name that SageMaker does not allow.
    """

    endpoint_name: str
    inference_component_name: str | None = None
    region: str | None = None
    engine: str | None = None
    model_id: str | None = None
    model_revision: str | None = None
    max_input_tokens: int | None = None
    max_total_tokens: int | None = None
    variant_name: str | None = None
    adapters: tuple[str, ...] | None = None
    adapter_components: Mapping[str, str] | None = field(default=None, hash=False)
    beside_components: Mapping[str, str] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        if self.inference_component_name in ("None", ""):
            object.__setattr__(self, "inference_component_name", None)
        for what in ("endpoint_name", "inference_component_name"):
            name = getattr(self, what)
            if name is None and what == "inference_component_name":
                continue
            if not isinstance(name, str) or len(name) > 63 or not _NAME.fullmatch(name):
                raise ConfigurationError(
                    f"{what} is {name!r}; allowed: 1 to 63 letters, digits and hyphens, beginning and ending without a "
                    "hyphen."
                )

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, str], *, source: str = "the outputs") -> "EndpointAddress":
        """Read the outputs that the endpoint stack has: EndpointName, InferenceComponentName, Region, ….

        Args:
            outputs: by their keys.
            source: where they are from; the error names it.

        Raises:
            ConfigurationError: EndpointName is missing, or a limit is no number.
        """
        if "EndpointName" not in outputs:
            there = ", ".join(sorted(outputs)) or "nothing"
            raise ConfigurationError(f"{source} has no EndpointName, so it is no endpoint's; it has: {there}.")
        return cls(
            endpoint_name=outputs["EndpointName"],
            inference_component_name=outputs.get("InferenceComponentName"),
            region=outputs.get("Region"),
            engine=outputs.get("Engine"),
            model_id=outputs.get("ModelId"),
            model_revision=outputs.get("ModelRevision"),
            max_input_tokens=_tokens(outputs, "MaxInputTokens", source),
            max_total_tokens=_tokens(outputs, "MaxTotalTokens", source),
            variant_name=outputs.get("VariantName"),
            adapters=tuple(filter(None, outputs.get("Adapters", "").split(","))),
            adapter_components=_components(outputs, "AdapterComponents", source),
            beside_components=_components(outputs, "BesideComponents", source),
        )

    @classmethod
    def from_stack(cls, stack_name: str, *, session: boto3.session.Session | None = None) -> "EndpointAddress":
        """Read the outputs of a deployed CloudFormation stack, as ``llm-twin-dev-endpoint``.

        Raises:
            StackNotDeployedError: there is no such stack.
            StackNotReadyError: it is being created or deleted, or it failed; with CloudFormation's reason.
            InferenceClientError: CloudFormation could not be asked.
        """
        return cls.from_outputs(_outputs.of_stack(stack_name, session=session), source=f"stack {stack_name}")

    @classmethod
    def from_outputs_file(cls, path: str | os.PathLike[str], *, stack_name: str | None = None) -> "EndpointAddress":
        """Read what ``cdk deploy --outputs-file`` wrote.

        Args:
            path: the file.
            stack_name: which stack in it; needed only if several have an EndpointName.

        Raises:
            StackNotDeployedError: there is no such file, or no endpoint stack in it.
            ConfigurationError: it is no outputs file, or it is ambiguous.
        """
        name, outputs = _outputs.of_file(Path(path), stack_name=stack_name)
        return cls.from_outputs(outputs, source=f"stack {name} in {path}")

    @classmethod
    def from_ssm(cls, path: str, *, session: boto3.session.Session | None = None) -> "EndpointAddress":
        """Read the SSM parameters that a stack writes, as ``/llm-twin/dev``.

        Raises:
            StackNotDeployedError: there are no parameters under that path.
            InferenceClientError: SSM could not be asked.
        """
        return cls.from_outputs(_outputs.of_ssm(path, session=session), source=f"SSM path {path}")

    def of_model(self, model_id: str) -> "EndpointAddress":
        """Return the address of a model on this endpoint: of the main one, or of one that is hosted beside it.

        Raises:
            ConfigurationError: the endpoint has no such model; the message names those that it has.
        """
        if model_id == self.model_id:
            return self
        beside = self.beside_components or {}
        if model_id not in beside:
            there = ", ".join(filter(None, (self.model_id, *beside))) or "none that is known"
            raise ConfigurationError(f"model_id is {model_id!r}; endpoint {self.endpoint_name} has: {there}.")
        return replace(
            self,
            inference_component_name=beside[model_id],
            model_id=model_id,
            model_revision=None,
            adapters=(),
            adapter_components=None,
        )


def _components(outputs: Mapping[str, str], key: str, source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, outputs.get(key, "").split(",")):
        name, is_pair, component = pair.partition("=")
        if not (name and is_pair and _NAME.fullmatch(component)):
            raise ConfigurationError(
                f"{key} of {source} has {pair!r}; allowed: a name and its component, NAME=COMPONENT."
            )
        found[name] = component
    return found


def _tokens(outputs: Mapping[str, str], key: str, source: str) -> int | None:
    value = outputs.get(key)
    if value is None:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise ConfigurationError(f"{key} of {source} is {value!r}; allowed: a whole number of tokens.")
    return int(value)
