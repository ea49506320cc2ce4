"""The stack that serves one model: role, endpoint, scaling, and what others need to know of it."""

from dataclasses import replace

from aws_cdk import Annotations, Environment, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.engines import Container, describe_container
from model.fit import Fit
from model.sharing import beside_the_main, check_sharing
from model.spec import ModelSpec
from stacks.beside_settings import slug_of
from stacks.component_names import publish
from stacks.constructs.adapter_components import AdapterComponents
from stacks.constructs.beside_model import BesideModel
from stacks.constructs.caller_policy import CallerPolicy
from stacks.constructs.endpoint_scaling import EndpointScaling
from stacks.constructs.execution_role import ExecutionRole
from stacks.constructs.llm_endpoint import VARIANT_NAME, LlmEndpoint
from stacks.constructs.published_values import PublishedValues
from stacks.constructs.update_alarms import MOST_ADAPTERS_WATCHED
from stacks.settings import DeploymentSettings
from stacks.shares import list_shares
from stacks.update_policy import UpdatePolicy

# docs/decisions/0007-keys-and-data-capture.md
_CAPTURE_NOTE = (
    "data_capture: SageMaker takes the setting on an endpoint with inference components; whether it captures their "
    "requests, and streams, AWS does not say. Look into the bucket after the first requests."
)


class EndpointStack(Stack):
    """Wires the constructs of one deployment together.

    The region is fixed, because the image depends on it; the account is whichever deploys.

    Args:
        scope: the app.
        settings: what is deployed.

    Raises:
        ModelError: it would not run; found before any resource is described.
    """

    def __init__(self, scope: Construct, *, settings: DeploymentSettings) -> None:
        container = _describe_container(settings, settings.model, gpus_per_copy=settings.gpus_per_copy)
        beside = {name: _describe_beside(settings, model) for name, model in settings.beside_components.items()}
        shared = check_sharing(
            list_shares(settings),
            instance=settings.instance_type,
            fallbacks=settings.instance_fallback,
            engine=settings.engine,
            max_instances=settings.max_instances,
        )
        fit, *fits_beside = shared.fits
        super().__init__(
            scope,
            settings.endpoint_stack_name,
            env=Environment(region=settings.region),
            description=f"{settings.model.model_id} on SageMaker, stage {settings.stage}",
            termination_protection=settings.termination_protection,
        )
        for note in shared.notes:
            # The CDK CLI shows them with every synth; they are no warnings, which `--strict` would refuse.
            Annotations.of(self).add_info(note)
        if settings.data_capture is not None:
            Annotations.of(self).add_info(_CAPTURE_NOTE)
        if settings.roll_back_on_errors and len(settings.adapter_components) > MOST_ADAPTERS_WATCHED:
            Annotations.of(self).add_info(_note_unwatched(settings))
        key_arn = settings.kms_key.arn if settings.kms_key else None
        role = ExecutionRole(
            self,
            "Execution",
            image=container.image,
            s3_uris=settings.weights_in_s3,
            adapter_uris=[adapter.s3_uri for adapter in settings.adapter_components.values()],
            s3_kms_key_arn=settings.s3_kms_key_arn,
            capture=settings.data_capture,
            key_arn=key_arn,
        ).role
        update = UpdatePolicy(
            wait_s=settings.update_wait_s,
            timeout_s=settings.update_timeout_s,
            rolls_back_on_errors=settings.roll_back_on_errors,
        )
        llm = LlmEndpoint(
            self,
            "Llm",
            endpoint_name=settings.endpoint_name,
            component_name=settings.component_name,
            replacement_key=settings.replacement_key,
            container=container,
            s3_uri=settings.model.s3_uri,
            network_isolation=settings.network_isolation,
            role=role,
            instance_types=settings.instance_type_names,
            fit=replace(fit, min_instances=shared.min_instances, max_instances=shared.max_instances),
            # Not `min_copies`: the scaling target brings the count within its bounds, and only if it is outside.
            first_copies=min(settings.first_copies, settings.max_copies),
            startup_timeout_s=settings.startup_timeout_s,
            capture=settings.data_capture,
            key_arn=key_arn,
            update=update,
            adapters=tuple(settings.adapter_components),
            adapter_slots=settings.adapter_slots,
        )
        EndpointScaling(
            self,
            "Scaling",
            component=llm.component,
            component_name=settings.component_name,
            replacement_key=settings.replacement_key,
            min_copies=settings.min_copies,
            max_copies=settings.max_copies,
            target_concurrency=settings.target_concurrency,
            scale_in_cooldown_s=settings.scale_in_cooldown_s,
            scale_out_cooldown_s=settings.scale_out_cooldown_s,
            office_hours=settings.office_hours,
            adapters=settings.adapter_components,
        )
        adapters = AdapterComponents(
            self,
            "Adapters",
            adapters=settings.adapter_components,
            base=llm.component,
            base_name=settings.component_name,
            endpoint=llm.endpoint,
            replacement_key=settings.replacement_key,
        )
        published = PublishedValues(
            self,
            "Published",
            path=settings.published_path,
            values={
                "EndpointName": llm.endpoint.attr_endpoint_name,
                "EndpointArn": llm.endpoint.ref,
                "VariantName": VARIANT_NAME,
                "InferenceComponentName": settings.component_name,
                "InferenceComponentArn": llm.component.ref,
                "Region": settings.region,
                "Engine": settings.engine,
                "ModelId": settings.model.model_id,
                "ModelRevision": settings.model.revision,
                "MaxInputTokens": str(settings.limits.max_input_tokens),
                "MaxTotalTokens": str(settings.limits.max_total_tokens),
            }
            | _describe_others(settings),
        )
        # Who reads a name finds what it names: after a replacement the parameters change when the new component serves.
        models_beside = [
            self._host_beside(
                settings, name=name, container=one, fit=its_fit, endpoint=llm.endpoint, role=role, update=update
            )
            for (name, one), its_fit in zip(beside.items(), fits_beside, strict=True)
        ]
        components = (llm.component, *adapters.components, *models_beside)
        published.node.add_dependency(*components)
        callers = CallerPolicy(
            self, "Callers", name=settings.caller_policy_name, endpoint=llm.endpoint, components=components
        )
        # Who is refused at the old endpoint and looks again finds the new one.
        callers.node.add_dependency(published)
        Tags.of(self).add("project", settings.name)
        Tags.of(self).add("stage", settings.stage)

    def _host_beside(
        self,
        settings: DeploymentSettings,
        *,
        name: str,
        container: Container,
        fit: Fit,
        endpoint: sagemaker.CfnEndpoint,
        role: iam.IRole,
        update: UpdatePolicy,
    ) -> sagemaker.CfnInferenceComponent:
        """Host a further model, with a component, scaling and alarms of its own."""
        model = settings.beside_components[name]
        hosted = BesideModel(
            self,
            f"Beside-{slug_of(model)}",
            component_name=name,
            replacement_key=settings.replacement_key,
            endpoint=endpoint,
            variant_name=VARIANT_NAME,
            container=container,
            s3_uri=model.s3_uri,
            network_isolation=settings.network_isolation,
            role=role,
            instance_types=settings.instance_type_names,
            fit=fit,
            startup_timeout_s=settings.startup_timeout_s,
            update=update,
        )
        EndpointScaling(
            hosted,
            "Scaling",
            component=hosted.component,
            component_name=name,
            replacement_key=settings.replacement_key,
            min_copies=settings.min_copies_beside,
            max_copies=settings.beside.max_copies,
            target_concurrency=settings.target_concurrency,
            scale_in_cooldown_s=settings.scale_in_cooldown_s,
            scale_out_cooldown_s=settings.scale_out_cooldown_s,
            office_hours=settings.office_hours,
            adapters={},
        )
        return hosted.component


def _describe_container(settings: DeploymentSettings, model: ModelSpec, *, gpus_per_copy: int) -> Container:
    return describe_container(
        engine=settings.engine,
        spec=model,
        limits=settings.limits,
        region=settings.region,
        gpus_per_copy=gpus_per_copy,
    )


def _describe_beside(settings: DeploymentSettings, model: ModelSpec) -> Container:
    with beside_the_main(model):
        return _describe_container(settings, model, gpus_per_copy=settings.beside.gpus_per_copy)


def _note_unwatched(settings: DeploymentSettings) -> str:
    unwatched = [adapter.adapter_id for adapter in settings.adapter_components.values()][MOST_ADAPTERS_WATCHED:]
    return (
        f"adapters: requests that fail take an update of {settings.model.model_id} back where they are its own or for "
        f"one of the first {MOST_ADAPTERS_WATCHED} adapters; SageMaker watches no more alarms. Not watched in an "
        f"update: {', '.join(unwatched)}."
    )


def _describe_others(settings: DeploymentSettings) -> dict[str, str]:
    """Return what else may be asked; nothing where there is none: the Parameter Store takes no empty text."""
    adapters = {name: adapter.adapter_id for name, adapter in settings.adapter_components.items()}
    beside = {name: model.model_id for name, model in settings.beside_components.items()}
    described = {
        "Adapters": ",".join(adapter.adapter_id for adapter in settings.model.adapters),
        "AdapterComponents": publish(adapters),
        "BesideComponents": publish(beside),
    }
    return {key: value for key, value in described.items() if value}
