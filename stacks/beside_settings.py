"""The models that are hosted beside the main one, on the same endpoint and its instances.

What they share with it (engine, limits, instance types, what scaling aims at) is the deployment's; here is what they
have of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from model.catalog import find as find_model
from model.errors import InvalidSpecError
from model.spec import ModelSpec
from stacks.errors import NotAllowedError

SETTING = "beside"
PREFIX = f"{SETTING}_"


@dataclass(frozen=True, kw_only=True)
class BesideSettings:
    """Further models of one deployment.

    Attributes:
        models: the models; none for an endpoint of one model.
        gpus_per_copy: GPUs that one copy of each is spread over.
        min_copies: copies of each that are always there; None for as many as of the main model, `max_copies` at most.
        max_copies: copies of each that scaling may start.
    """

    models: tuple[ModelSpec, ...] = ()
    gpus_per_copy: int = 1
    min_copies: int | None = None
    max_copies: int = 1

    def __post_init__(self) -> None:
        for name, value in (("gpus_per_copy", self.gpus_per_copy), ("max_copies", self.max_copies)):
            if value < 1:
                raise NotAllowedError(setting=f"{PREFIX}{name}", value=value, allowed="1 or more")
        if self.min_copies is not None and not 0 <= self.min_copies <= self.max_copies:
            raise NotAllowedError(
                setting=f"{PREFIX}min_copies", value=self.min_copies, allowed=f"0 to {self.max_copies}"
            )
        slugs = [slug_of(model) for model in self.models]
        for model, slug in zip(self.models, slugs, strict=True):
            if slugs.count(slug) > 1:
                raise NotAllowedError(
                    setting=SETTING,
                    value=model.model_id,
                    allowed=f"one model of the name {slug!r}, of which a component is named",
                )

    def least_copies(self, of_main: int) -> int:
        """Return how many copies of each are always there.

        Args:
            of_main: how many of the main model are.
        """
        return min(of_main, self.max_copies) if self.min_copies is None else self.min_copies


def slug_of(model: ModelSpec) -> str:
    """Return what a model is called in names: the last part of its id, as names allow it."""
    return re.sub(r"[^a-z0-9]+", "-", model.model_id.rpartition("/")[2].lower()).strip("-")


def parse_beside(text: str, *, added: Mapping[str, ModelSpec]) -> tuple[ModelSpec, ...]:
    """Read `MODEL,…`, each with its weights' place where they are in S3: `MODEL=s3://BUCKET/PREFIX/`.

    Args:
        text: what is read.
        added: specs of the project's own beside the catalogue's.

    Raises:
        UnknownModelError: the catalogue has no such model.
        InvalidSpecError: nothing is named, or a prefix is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InvalidSpecError(
            f"{SETTING} is {text!r}.", remedy="It must read 'MODEL,…' or 'MODEL=s3://BUCKET/PREFIX/,…'."
        )
    models = []
    for part in parts:
        model_id, _, s3_uri = part.partition("=")
        models.append(replace(find_model(model_id, added=added), s3_uri=s3_uri or None))
    return tuple(models)
