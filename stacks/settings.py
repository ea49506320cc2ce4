"""The settings of one deployment: typed values, checked when they are made.

The names that must agree in a template are derived here, once: of the endpoint, its component, the stack and the path
of the published values. Which values a stage has is in stages.py; how they are overridden, in context.py.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model.adapter import S3Adapter
from model.engines import Engine, traits_of
from model.hardware import InstanceType
from model.images import Image, find_image, list_regions
from model.limits import ServingLimits
from model.spec import ModelSpec
from stacks.beside_settings import BesideSettings
from stacks.component_names import (
    MAX_LENGTH,
    check_adapter_names,
    check_beside,
    name_adapters,
    name_beside,
)
from stacks.data_capture import DataCapture
from stacks.encryption_key import EncryptionKey
from stacks.errors import NotAllowedError
from stacks.monitoring_settings import MonitoringSettings
from stacks.office_hours import OfficeHours
from stacks.policy_size import check_policy_sizes
from stacks.regions import COMPONENT_REGIONS
from stacks.service_settings import ServiceSettings
from stacks.together import check_together

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEY_LENGTH = 8
# Parameters are published under the name, and the Parameter Store keeps these beginnings to itself:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
_NOT_PUBLISHED_UNDER = ("aws", "ssm")


class Stage(StrEnum):
    """Which of the deployments it is."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


@dataclass(frozen=True, kw_only=True)
class DeploymentSettings:
    """One deployment of one model.

    Attributes:
        stage: which deployment; part of every name.
        name: what the deployments of one project have in common; the first part of every name.
        region: the AWS region.
        engine: what runs the model.
        model: what is served.
        limits: what one copy takes on.
        s3_kms_key_arn: the key of one's own that weights and adapters in S3 are encrypted with; None where S3's key
            does it.
        instance_type: what it runs on.
        instance_fallback: what it runs on where AWS has no instance of that type, in order of preference.
        gpus_per_copy: GPUs that one copy is spread over.
        min_copies: copies that are always there; 0 lets the endpoint sleep when nobody asks.
        max_copies: copies that scaling may start.
        first_copies: copies that a new component starts with, `max_copies` at most; a stage's own, and 1 or more, since
            SageMaker creates none without a copy. It is not `min_copies`, which may change under a component that runs:
            a changed number in the template is what CloudFormation sets the count to, whatever scaling had made of it.
        max_instances: instances that scaling may start; None for what `max_copies` need.
        target_concurrency: requests in flight per copy that scaling aims at.
        scale_in_cooldown_s: the least time between two scale-ins, in seconds.
        scale_out_cooldown_s: the least time between two scale-outs, in seconds.
        office_hours: when an endpoint that sleeps otherwise has a copy; None for one that only wakes when asked.
        startup_timeout_s: how long a container may take until it answers, download of the weights included, in seconds.
        update_wait_s: how long a rolling update watches each new copy before it goes on, in seconds. CloudWatch needs
            up to three minutes from a failed request to an alarm.
        update_timeout_s: how long a whole rolling update may take until it is rolled back, in seconds.
        roll_back_on_errors: whether requests that fail while an update is rolled out roll it back. Off, it lets a fix
            reach an endpoint that fails already.
        termination_protection: whether CloudFormation refuses to delete the stacks.
        kms_key: a key of your own for the documents, the API keys, the service's log and what is captured; None for the
            keys that AWS manages.
        data_capture: where requests and answers are kept; None for nowhere.
        beside: further models on the same endpoint and its instances.
        service: the business microservice beside the model.
        monitoring: what watches the model.
    """

    stage: Stage
    name: str = "llm-twin"
    region: str
    engine: Engine = Engine.TGI
    model: ModelSpec
    limits: ServingLimits
    s3_kms_key_arn: str | None = None
    instance_type: InstanceType
    instance_fallback: tuple[InstanceType, ...] = ()
    gpus_per_copy: int = 1
    min_copies: int
    max_copies: int
    first_copies: int = 1
    max_instances: int | None = None
    target_concurrency: int
    scale_in_cooldown_s: int = 300
    scale_out_cooldown_s: int = 60
    office_hours: OfficeHours | None = None
    startup_timeout_s: int
    update_wait_s: int = 180
    update_timeout_s: int = 14_400
    roll_back_on_errors: bool = True
    termination_protection: bool = False
    kms_key: EncryptionKey | None = None
    data_capture: DataCapture | None = None
    beside: BesideSettings = field(default_factory=BesideSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)

    def __post_init__(self) -> None:
        regions = [region for region in list_regions(engine=self.engine) if region in COMPONENT_REGIONS]
        if self.region not in regions:
            raise NotAllowedError(
                setting="region",
                value=self.region,
                allowed=f"{', '.join(regions)} (they have the image of {self.engine} and inference components)",
            )
        if not _NAME.fullmatch(self.name):
            raise NotAllowedError(
                setting="name", value=self.name, allowed="lower-case letters and digits in words joined by hyphens"
            )
        if self.name.startswith(_NOT_PUBLISHED_UNDER):
            raise NotAllowedError(
                setting="name",
                value=self.name,
                allowed=f"names that do not begin with {' or '.join(_NOT_PUBLISHED_UNDER)}, as no parameter may",
            )
        if len(self.component_name) > MAX_LENGTH:
            most = MAX_LENGTH - (len(self.component_name) - len(self.name))
            raise NotAllowedError(
                setting="name", value=self.name, allowed=f"at most {most} characters in stage {self.stage}"
            )
        check_adapter_names(self.adapter_components, stage=self.stage)
        check_beside(self.beside_components, main=self.model)
        self._check_range("max_copies", 1, None)
        self._check_range("min_copies", 0, self.max_copies)
        self._check_range("first_copies", 1, None)
        if self.max_instances is not None:
            self._check_range("max_instances", 1, None)
        self._check_range("target_concurrency", 1, self.limits.max_concurrent_requests)
        self._check_range("scale_in_cooldown_s", 0, None)
        self._check_range("scale_out_cooldown_s", 0, None)
        # ContainerStartupHealthCheckTimeoutInSeconds, and WaitIntervalInSeconds and MaximumExecutionTimeoutInSeconds of
        # a rolling update, of the SageMaker API.
        self._check_range("startup_timeout_s", 60, 3600)
        self._check_range("update_wait_s", 0, 3600)
        self._check_range("update_timeout_s", 600, 28_800)
        check_together(self)
        check_policy_sizes(self)

    @property
    def image(self) -> Image:
        """The engine's image of the region."""
        return find_image(engine=self.engine, region=self.region)

    @property
    def instance_type_names(self) -> tuple[str, ...]:
        """The instance types, as `ml.g5.2xlarge`, in the order in which they are tried."""
        return tuple(one.name for one in (self.instance_type, *self.instance_fallback))

    @property
    def network_isolation(self) -> bool:
        """Whether the container is cut off from the network: yes, unless it has to fetch its weights from the hub."""
        return self.model.s3_uri is not None

    @property
    def weights_in_s3(self) -> tuple[str, ...]:
        """The prefixes of all weights that are read from S3."""
        return tuple(model.s3_uri for model in (self.model, *self.beside.models) if model.s3_uri is not None)

    @property
    def replacement_key(self) -> str:
        """A hash of what cannot change under an endpoint that hosts components.

        It is part of the names and of the logical ids of the endpoint and of all that hangs on it, so that such a
        change makes a second endpoint beside the first and then deletes the first, instead of failing.
        """
        fixed: dict[str, object] = {
            "inference_ami": self.image.inference_ami,
            "instance_type": self.instance_type.name,
            "network_isolation": self.network_isolation,
        }
        if self.engine is not Engine.TGI:
            # It could change in place, but callers ask it in another form: they find that form with the new endpoint.
            fixed["engine"] = self.engine.value
        if self.instance_fallback:
            # Only where there are any: an endpoint that was deployed without the setting keeps its name.
            fixed["instance_fallback"] = self.instance_type_names[1:]
        if self.adapter_slots:
            # Another base model under adapters that were made for this one, or none that takes any, would be rolled out
            # copy by copy before CloudFormation comes to the adapters.
            fixed["takes_adapters_of"] = f"{self.model.model_id}@{self.model.revision}"
        return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:_KEY_LENGTH]

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name."""
        return f"{self.name}-{self.stage}-{self.replacement_key}"

    @property
    def component_name(self) -> str:
        """The name of the component that serves the model."""
        return f"{self.endpoint_name}-llm"

    @property
    def adapter_components(self) -> Mapping[str, S3Adapter]:
        """The adapters that are components of their own, by their components' names."""
        return name_adapters(self.endpoint_name, self.model.adapters)

    @property
    def adapter_slots(self) -> int:
        """How many adapters may be components of their own without an update of the one that serves the model."""
        return self.model.adapter_room if traits_of(self.engine).adapters is S3Adapter else 0

    @property
    def beside_components(self) -> Mapping[str, ModelSpec]:
        """The models beside the main one, by their components' names."""
        return name_beside(self.endpoint_name, self.beside.models)

    @property
    def min_copies_beside(self) -> int:
        """Copies of each model beside the main one that are always there."""
        return self.beside.least_copies(self.min_copies)

    @property
    def endpoint_stack_name(self) -> str:
        """The name of the stack that holds the endpoint."""
        return f"{self.name}-{self.stage}-endpoint"

    @property
    def service_stack_name(self) -> str:
        """The name of the stack that holds the service."""
        return f"{self.name}-{self.stage}-service"

    @property
    def monitoring_stack_name(self) -> str:
        """The name of the stack that watches the endpoint."""
        return f"{self.name}-{self.stage}-monitoring"

    @property
    def dashboard_name(self) -> str:
        """The name of the dashboard; CloudWatch has the same ones in all regions."""
        return f"{self.name}-{self.stage}-{self.region}"

    @property
    def caller_policy_name(self) -> str:
        """The name of the policy that lets its holders invoke the endpoint; IAM's names are the same in all regions."""
        return f"{self.name}-{self.stage}-{self.region}-invoke"

    @property
    def published_path(self) -> str:
        """The path in the Parameter Store under which the stacks' outputs are published too."""
        return f"/{self.name}/{self.stage}"

    def _check_range(self, setting: str, least: int, most: int | None) -> None:
        value = getattr(self, setting)
        if value < least or (most is not None and value > most):
            allowed = f"{least} or more" if most is None else f"{least} to {most}"
            raise NotAllowedError(setting=setting, value=value, allowed=allowed)
