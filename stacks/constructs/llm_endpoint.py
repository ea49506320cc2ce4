"""A SageMaker endpoint and the inference component that serves one model on it."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.engines import Container
from model.fit import Fit
from stacks.constructs.model_component import make_component, make_model
from stacks.data_capture import DataCapture
from stacks.update_policy import UpdatePolicy

# The endpoint has one variant. Its name is written here and nowhere else.
VARIANT_NAME = "AllTraffic"


class LlmEndpoint(Construct):
    """Model, endpoint configuration, endpoint, component, and the alarms that take an update of it back.

    The model and the configuration have no names of their own: CloudFormation names them, so that either can be
    replaced under a running endpoint. What cannot change under an endpoint that hosts components is in
    `replacement_key`, which is part of the ids here as it is of the names: a change of it makes a second endpoint and
    deletes the first.

    Args:
        scope: the parent.
        construct_id: the id below it.
        endpoint_name: the endpoint's name.
        component_name: the component's name.
        replacement_key: the hash that the names carry.
        container: image and environment.
        s3_uri: where the weights are, `s3://BUCKET/PREFIX/`; None if the container fetches them from the hub.
        network_isolation: whether the container is cut off from the network.
        role: what SageMaker takes on to run it.
        instance_types: the instance types, as `ml.g5.2xlarge`: the one, or several in the order in which SageMaker
            tries to have one.
        fit: what a copy reserves and how many instances there may be.
        first_copies: how many copies a new component starts with; at least 1. CloudFormation passes the number on when
            it changes, over what scaling has made of it meanwhile: it is not for tuning what runs.
        startup_timeout_s: how long a copy may take to answer, in seconds.
        capture: where requests and answers are kept; None for nowhere.
        key_arn: the key that encrypts them.
        update: how a change of all that is rolled out.
        adapters: the components of the adapters on the component's copies.
        adapter_slots: how many adapters there may be without an update of the component.

    Attributes:
        endpoint: the endpoint.
        component: the component.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        component_name: str,
        replacement_key: str,
        container: Container,
        s3_uri: str | None,
        network_isolation: bool,
        role: iam.IRole,
        instance_types: Sequence[str],
        fit: Fit,
        first_copies: int,
        startup_timeout_s: int,
        capture: DataCapture | None,
        key_arn: str | None,
        update: UpdatePolicy,
        adapters: Sequence[str],
        adapter_slots: int,
    ) -> None:
        super().__init__(scope, construct_id)
        model = make_model(self, container=container, s3_uri=s3_uri, network_isolation=network_isolation, role=role)
        config = sagemaker.CfnEndpointConfig(
            self,
            f"EndpointConfig{replacement_key}",
            execution_role_arn=role.role_arn,
            enable_network_isolation=network_isolation,
            data_capture_config=_describe_capture(capture, key_arn=key_arn) if capture else None,
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT_NAME,
                    instance_type=instance_types[0] if len(instance_types) == 1 else None,
                    instance_pools=_describe_pools(instance_types) if len(instance_types) > 1 else None,
                    inference_ami_version=container.image.inference_ami,
                    initial_instance_count=max(1, fit.min_instances),
                    managed_instance_scaling=sagemaker.CfnEndpointConfig.ManagedInstanceScalingProperty(
                        status="ENABLED", min_instance_count=fit.min_instances, max_instance_count=fit.max_instances
                    ),
                    # Requests of a language model differ in length by orders of magnitude: turns would pile them up.
                    routing_config=sagemaker.CfnEndpointConfig.RoutingConfigProperty(
                        routing_strategy="LEAST_OUTSTANDING_REQUESTS"
                    ),
                )
            ],
        )
        self.endpoint = sagemaker.CfnEndpoint(
            self,
            f"Endpoint{replacement_key}",
            endpoint_name=endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
            # Another configuration would have the instances start over from its initial count.
            retain_all_variant_properties=True,
        )
        self.component = make_component(
            self,
            component_name=component_name,
            replacement_key=replacement_key,
            model=model,
            endpoint=self.endpoint,
            variant_name=VARIANT_NAME,
            instance_types=instance_types,
            fit=fit,
            first_copies=first_copies,
            startup_timeout_s=startup_timeout_s,
            update=update,
            adapters=adapters,
            adapter_slots=adapter_slots,
        )


def _describe_capture(
    capture: DataCapture, *, key_arn: str | None
) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty:
    """Return what is kept: both what is asked and what is answered, as text and not as base64."""
    return sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
        enable_capture=True,
        destination_s3_uri=capture.s3_uri,
        initial_sampling_percentage=capture.percent,
        kms_key_id=key_arn,
        capture_options=[
            sagemaker.CfnEndpointConfig.CaptureOptionProperty(capture_mode=mode) for mode in ("Input", "Output")
        ],
        capture_content_type_header=sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
            json_content_types=["application/json"]
        ),
    )


def _describe_pools(instance_types: Sequence[str]) -> list[sagemaker.CfnEndpointConfig.InstancePoolProperty]:
    return [
        sagemaker.CfnEndpointConfig.InstancePoolProperty(instance_type=name, priority=priority)
        for priority, name in enumerate(instance_types, start=1)
    ]
