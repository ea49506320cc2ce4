"""The components beside the main one on an endpoint: their names, derived once, and whether they can be there.

EndpointName and InferenceComponentName in the SageMaker API: 63 characters, letters, digits and single hyphens.
"""

from collections.abc import Iterable, Mapping

from model.adapter import Adapter, S3Adapter
from model.spec import ModelSpec
from stacks.beside_settings import SETTING, slug_of
from stacks.errors import NotAllowedError

MAX_LENGTH = 63
# A parameter of the standard tier: https://docs.aws.amazon.com/general/latest/gr/ssm.html
_MAX_PARAMETER_CHARACTERS = 4096


def name_adapters(endpoint_name: str, adapters: Iterable[Adapter]) -> dict[str, S3Adapter]:
    """Return the adapters that are components of their own, by their components' names."""
    return {
        f"{endpoint_name}-adapter-{adapter.adapter_id}": adapter
        for adapter in adapters
        if isinstance(adapter, S3Adapter)
    }


def name_beside(endpoint_name: str, models: Iterable[ModelSpec]) -> dict[str, ModelSpec]:
    """Return the models beside the main one, by their components' names."""
    return {f"{endpoint_name}-beside-{slug_of(model)}": model for model in models}


def publish(components: Mapping[str, str]) -> str:
    """Return which component each thing is, as it is published: `NAME=COMPONENT,…`.

    Args:
        components: what is asked for, by the component that answers.
    """
    return ",".join(f"{asked_for}={name}" for name, asked_for in components.items())


def check_adapter_names(components: Mapping[str, S3Adapter], *, stage: str) -> None:
    """Refuse adapters whose components could not be named or published.

    Raises:
        NotAllowedError: a name is too long, or there are too many.
    """
    for name, adapter in components.items():
        if len(name) > MAX_LENGTH:
            most = MAX_LENGTH - (len(name) - len(adapter.adapter_id))
            raise NotAllowedError(
                setting="adapters", value=str(adapter), allowed=f"names of at most {most} characters in stage {stage}"
            )
    _check_published(
        {name: adapter.adapter_id for name, adapter in components.items()}, setting="adapters", kind="adapters"
    )


def check_beside(components: Mapping[str, ModelSpec], *, main: ModelSpec) -> None:
    """Refuse models that could not be on an endpoint beside the main one.

    Raises:
        NotAllowedError: one is the main one, its component's name is too long, or it would not reach its weights; or
            there are too many to be published.
    """
    for name, model in components.items():
        if len(name) > MAX_LENGTH:
            raise NotAllowedError(
                setting=SETTING,
                value=model.model_id,
                allowed=f"models whose component's name has at most {MAX_LENGTH} characters; {name} has {len(name)}",
            )
        if model.model_id == main.model_id:
            raise NotAllowedError(setting=SETTING, value=model.model_id, allowed="models other than the main one")
        if main.s3_uri is not None and model.s3_uri is None:
            raise NotAllowedError(
                setting=SETTING,
                value=model.model_id,
                allowed="MODEL=s3://BUCKET/PREFIX/: beside weights in S3 no container reaches the hub",
            )
    _check_published({name: model.model_id for name, model in components.items()}, setting=SETTING, kind="models")


def _check_published(components: Mapping[str, str], *, setting: str, kind: str) -> None:
    """Refuse more components than the Parameter Store takes the names of in one parameter."""
    if len(publish(components)) > _MAX_PARAMETER_CHARACTERS:
        raise NotAllowedError(
            setting=setting,
            value=f"{len(components)} {kind}",
            allowed=f"as many as a parameter of {_MAX_PARAMETER_CHARACTERS} characters has room for, with components",
        )
