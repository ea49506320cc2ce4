"""What can be wrong with a description of what is served.

```
ModelError                 the root: every message names the value and what is allowed
├── UnknownModelError      the catalogue has no such model
├── UnknownInstanceError   no such instance type in hardware.py
├── UnknownEngineError     no such engine
├── NoImageError           the region has no image of that engine
├── InvalidSpecError       a field of a ModelSpec is out of range or contradicts another
├── UnreadableConfigError  no spec can be made of this config.json
├── HubError               the hub was not reached, or does not give the model away
├── InvalidLimitsError     TGI would refuse these limits, or the model has fewer positions
├── UnsupportedModelError  the engine does not serve this architecture or quantization
├── EnvironmentTooLargeError   SageMaker would refuse the container's environment
├── GatedModelError        the weights need a token, and a container gets no secret
├── DoesNotFitError        the instance cannot hold the component
├── IncompleteModelError   the files of a model are not all there, or one is cut short
├── DestinationError       a bucket or a prefix cannot take the model
└── ChecksumError          a file is not the one that the hub names, or S3 holds another than was sent
```

All of them are found before anything is deployed. None is worth a retry, but a HubError that says so and a
ChecksumError: the settings have to change.
"""

from collections.abc import Sequence


class ModelError(Exception):
    """A description that cannot be served.

    Attributes:
        problem: what is wrong, with the value.
        remedy: what is allowed, or what to do instead.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class UnknownModelError(ModelError):
    """The catalogue has no model of that id.

    Attributes:
        model_id: what was asked for.
        known: what the catalogue has.
    """

    def __init__(self, model_id: str, *, known: Sequence[str]) -> None:
        super().__init__(f"model {model_id!r} is not in the catalogue.", remedy=f"Known models: {', '.join(known)}.")
        self.model_id = model_id
        self.known = tuple(known)


class UnknownInstanceError(ModelError):
    """No such instance type.

    Attributes:
        instance_type: what was asked for.
        known: the instance types whose GPUs and memory are known.
    """

    def __init__(self, instance_type: str, *, known: Sequence[str]) -> None:
        super().__init__(
            f"instance type {instance_type!r} is not known.", remedy=f"Known GPU instance types: {', '.join(known)}."
        )
        self.instance_type = instance_type
        self.known = tuple(known)


class UnknownEngineError(ModelError):
    """No such engine.

    Attributes:
        engine: what was asked for.
        known: the engines there are.
    """

    def __init__(self, engine: str, *, known: Sequence[str]) -> None:
        super().__init__(f"engine {engine!r} is not known.", remedy=f"Known engines: {', '.join(known)}.")
        self.engine = engine
        self.known = tuple(known)


class NoImageError(ModelError):
    """The region has no image of the engine.

    Attributes:
        engine: whose image was looked for.
        region: where it was looked for.
        available: the regions that have it.
    """

    def __init__(self, *, engine: str, region: str, available: Sequence[str]) -> None:
        super().__init__(
            f"region {region!r} has no image of engine '{engine}'.", remedy=f"Regions with it: {', '.join(available)}."
        )
        self.engine = engine
        self.region = region
        self.available = tuple(available)


class InvalidSpecError(ModelError):
    """A field of a ModelSpec is out of range or contradicts another."""


class UnreadableConfigError(ModelError):
    """A config.json that lacks what a spec needs, or describes what is not reckoned here (experts, images)."""


class HubError(ModelError):
    """The hub did not answer with the model.

    Attributes:
        retryable: whether the same call may succeed later: the hub was not reached, or was busy.
    """

    def __init__(self, problem: str, *, remedy: str, retryable: bool) -> None:
        super().__init__(problem, remedy=remedy)
        self.retryable = retryable


class UnsupportedModelError(ModelError):
    """The engine does not serve this architecture, or not in this quantization."""


class InvalidLimitsError(ModelError):
    """Limits that the engine would refuse at start, or that the model cannot honour."""


class EnvironmentTooLargeError(ModelError):
    """A container environment that SageMaker would refuse."""


class GatedModelError(ModelError):
    """A gated model without weights in S3: a download would need a token, and no secret goes into a container."""


class DoesNotFitError(ModelError):
    """The instance, or the fleet, cannot hold the component."""


class IncompleteModelError(ModelError):
    """Files that are no whole model: one is missing, cut short, or of a kind that is not published."""


class DestinationError(ModelError):
    """A bucket that is missing, elsewhere or open to everybody, or a prefix that holds something else."""


class ChecksumError(ModelError):
    """A file whose content is not what its source or its destination says."""
