"""A SageMaker endpoint and the inference component that serves one model on it."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.engines import Container
from model.fit import Fit
from stacks.acknowledgement import acknowledge
from stacks.constructs.update_alarm import UpdateAlarm
from stacks.data_capture import DataCapture
from stacks.update_policy import UpdatePolicy

# The endpoint has one variant. Its name is written here and nowhere else.
VARIANT_NAME = "AllTraffic"


class LlmEndpoint(Construct):
    """Model, endpoint configuration, endpoint, component, and the alarm that takes an update of it back.

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
    ) -> None:
        super().__init__(scope, construct_id)
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=container.image.uri,
                environment=dict(container.environment),
                model_data_source=_describe_weights(s3_uri),
            ),
        )
        acknowledge(
            model,
            "CKV_AWS_370",
            reason="The container is cut off from the network by the endpoint configuration, as components want it."
            if network_isolation
            else "The container fetches public weights from the hub when it starts; weights in S3 (s3_uri) cut it off.",
        )
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
        alarm = UpdateAlarm(self, "Update", component_name=component_name, replacement_key=replacement_key)
        self.component = sagemaker.CfnInferenceComponent(
            self,
            f"Component{replacement_key}",
            inference_component_name=component_name,
            endpoint_name=self.endpoint.attr_endpoint_name,
            variant_name=VARIANT_NAME,
            **_specify(model, fit=fit, startup_timeout_s=startup_timeout_s, instance_types=instance_types),
            runtime_config=sagemaker.CfnInferenceComponent.InferenceComponentRuntimeConfigProperty(
                copy_count=first_copies
            ),
            deployment_config=_roll_one_by_one(update, alarm_name=alarm.alarm_name),
        )


def _describe_weights(s3_uri: str | None) -> sagemaker.CfnModel.ModelDataSourceProperty | None:
    """Return where SageMaker copies uncompressed weights from before it starts the container."""
    if s3_uri is None:
        return None
    return sagemaker.CfnModel.ModelDataSourceProperty(
        s3_data_source=sagemaker.CfnModel.S3DataSourceProperty(
            s3_uri=s3_uri, s3_data_type="S3Prefix", compression_type="None"
        )
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


def _specify(
    model: sagemaker.CfnModel, *, fit: Fit, startup_timeout_s: int, instance_types: Sequence[str]
) -> dict[str, Any]:
    """Return what one copy runs and reserves: one specification, or of several instance types the same for each.

    CloudFormation takes the one for a single instance type only, and the others from two on.
    """
    one = sagemaker.CfnInferenceComponent
    same: dict[str, Any] = {
        "model_name": model.attr_model_name,
        "compute_resource_requirements": one.InferenceComponentComputeResourceRequirementsProperty(
            number_of_accelerator_devices_required=fit.gpus_per_copy,
            number_of_cpu_cores_required=fit.cpu_cores,
            min_memory_required_in_mb=fit.host_memory_mib,
        ),
        "startup_parameters": one.InferenceComponentStartupParametersProperty(
            container_startup_health_check_timeout_in_seconds=startup_timeout_s,
            model_data_download_timeout_in_seconds=startup_timeout_s,
        ),
    }
    if len(instance_types) == 1:
        return {"specification": one.InferenceComponentSpecificationProperty(**same)}
    return {
        "specifications": [
            one.InferenceComponentSpecificationForInstanceTypeProperty(instance_type=name, **same)
            for name in instance_types
        ]
    }


def _roll_one_by_one(
    update: UpdatePolicy, *, alarm_name: str
) -> sagemaker.CfnInferenceComponent.InferenceComponentDeploymentConfigProperty:
    """Return the way of an update: start one new copy, watch it, stop an old one, and so on; the same way back.

    One at a time needs room for one copy more. Left to itself a rollback would bring all old copies back at once, and
    need as much room as there are copies.
    """
    one = sagemaker.CfnInferenceComponent.InferenceComponentCapacitySizeProperty(type="COPY_COUNT", value=1)
    alarms = [sagemaker.CfnInferenceComponent.AlarmProperty(alarm_name=alarm_name)]
    return sagemaker.CfnInferenceComponent.InferenceComponentDeploymentConfigProperty(
        rolling_update_policy=sagemaker.CfnInferenceComponent.InferenceComponentRollingUpdatePolicyProperty(
            maximum_batch_size=one,
            rollback_maximum_batch_size=one,
            wait_interval_in_seconds=update.wait_s,
            maximum_execution_timeout_in_seconds=update.timeout_s,
        ),
        auto_rollback_configuration=sagemaker.CfnInferenceComponent.AutoRollbackConfigurationProperty(alarms=alarms)
        if update.rolls_back_on_errors
        else None,
    )
