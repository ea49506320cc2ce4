"""The stack that serves one model: role, endpoint, scaling, and what others need to know of it."""

from aws_cdk import Annotations, Environment, Stack, Tags
from constructs import Construct

from model.engines import describe_container
from model.fallback import check_fallbacks
from stacks.constructs.adapter_components import AdapterComponents
from stacks.constructs.caller_policy import CallerPolicy
from stacks.constructs.endpoint_scaling import EndpointScaling
from stacks.constructs.execution_role import ExecutionRole
from stacks.constructs.llm_endpoint import VARIANT_NAME, LlmEndpoint
from stacks.constructs.published_values import PublishedValues
from stacks.settings import DeploymentSettings
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
        container = describe_container(
            engine=settings.engine,
            spec=settings.model,
            limits=settings.limits,
            region=settings.region,
            gpus_per_copy=settings.gpus_per_copy,
        )
        fit = check_fallbacks(
            spec=settings.model,
            limits=settings.limits,
            instance=settings.instance_type,
            fallbacks=settings.instance_fallback,
            gpus_per_copy=settings.gpus_per_copy,
            min_copies=settings.min_copies,
            max_copies=settings.max_copies,
            max_instances=settings.max_instances,
            engine=settings.engine,
        )
        super().__init__(
            scope,
            settings.endpoint_stack_name,
            env=Environment(region=settings.region),
            description=f"{settings.model.model_id} on SageMaker, stage {settings.stage}",
            termination_protection=settings.termination_protection,
        )
        for note in fit.notes:
            # The CDK CLI shows them with every synth; they are no warnings, which `--strict` would refuse.
            Annotations.of(self).add_info(note)
        if settings.data_capture is not None:
            Annotations.of(self).add_info(_CAPTURE_NOTE)
        key_arn = settings.kms_key.arn if settings.kms_key else None
        role = ExecutionRole(
            self,
            "Execution",
            image=container.image,
            s3_uri=settings.model.s3_uri,
            adapter_uris=[adapter.s3_uri for adapter in settings.adapter_components.values()],
            s3_kms_key_arn=settings.s3_kms_key_arn,
            capture=settings.data_capture,
            key_arn=key_arn,
        ).role
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
            instance_types=[one.name for one in (settings.instance_type, *settings.instance_fallback)],
            fit=fit,
            # Not `min_copies`: the scaling target brings the count within its bounds, and only if it is outside.
            first_copies=min(settings.first_copies, settings.max_copies),
            startup_timeout_s=settings.startup_timeout_s,
            capture=settings.data_capture,
            key_arn=key_arn,
            update=UpdatePolicy(
                wait_s=settings.update_wait_s,
                timeout_s=settings.update_timeout_s,
                rolls_back_on_errors=settings.roll_back_on_errors,
            ),
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
            | _describe_adapters(settings),
        )
        # Who reads a name finds what it names: after a replacement the parameters change when the new component serves.
        components = (llm.component, *adapters.components)
        published.node.add_dependency(*components)
        callers = CallerPolicy(
            self, "Callers", name=settings.caller_policy_name, endpoint=llm.endpoint, components=components
        )
        # Who is refused at the old endpoint and looks again finds the new one.
        callers.node.add_dependency(published)
        Tags.of(self).add("project", settings.name)
        Tags.of(self).add("stage", settings.stage)


def _describe_adapters(settings: DeploymentSettings) -> dict[str, str]:
    """Return what a request may ask for; nothing where there is none: the Parameter Store takes no empty text."""
    adapters = ",".join(adapter.adapter_id for adapter in settings.model.adapters)
    described = {"Adapters": adapters, "AdapterComponents": settings.published_adapters}
    return {key: value for key, value in described.items() if value}
