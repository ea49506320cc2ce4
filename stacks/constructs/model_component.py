"""A model and the inference component that serves it: the parts that every model on an endpoint has of its own.

The model has no name of its own: CloudFormation names it, so that it can be replaced under a running endpoint. Both are
made in the scope of whoever asks for them, under the same ids.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.engines import Container
from model.fit import Fit
from stacks.acknowledgement import acknowledge
from stacks.constructs.update_alarms import UpdateAlarms
from stacks.update_policy import UpdatePolicy


def make_model(
    scope: Construct, *, container: Container, s3_uri: str | None, network_isolation: bool, role: iam.IRole
) -> sagemaker.CfnModel:
    """Make the model: image, environment and where the weights are.

    Args:
        scope: the parent.
        container: image and environment.
        s3_uri: where the weights are, `s3://BUCKET/PREFIX/`; None if the container fetches them from the hub.
        network_isolation: whether the container is cut off from the network.
        role: what SageMaker takes on to run it.
    """
    model = sagemaker.CfnModel(
        scope,
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
    return model


def make_component(
    scope: Construct,
    *,
    component_name: str,
    replacement_key: str,
    model: sagemaker.CfnModel,
    endpoint: sagemaker.CfnEndpoint,
    variant_name: str,
    instance_types: Sequence[str],
    fit: Fit,
    first_copies: int,
    startup_timeout_s: int,
    update: UpdatePolicy,
    adapters: Sequence[str] = (),
    adapter_slots: int = 0,
) -> sagemaker.CfnInferenceComponent:
    """Make the component, and the alarms that take an update of it back.

    Args:
        scope: the parent.
        component_name: the component's name.
        replacement_key: the hash that the name carries.
        model: what its copies run.
        endpoint: what hosts it.
        variant_name: of the endpoint.
        instance_types: the instance types that the variant may have.
        fit: what a copy reserves.
        first_copies: how many copies a new component starts with; at least 1. CloudFormation passes the number on when
            it changes, over what scaling has made of it meanwhile: it is not for tuning what runs.
        startup_timeout_s: how long a copy may take to answer, in seconds.
        update: how a change of all that is rolled out.
        adapters: the components of the adapters on its copies.
        adapter_slots: how many adapters there may be without an update of the component.
    """
    alarms = UpdateAlarms(
        scope,
        "Update",
        component_name=component_name,
        replacement_key=replacement_key,
        adapters=adapters,
        adapter_slots=adapter_slots,
    )
    return sagemaker.CfnInferenceComponent(
        scope,
        f"Component{replacement_key}",
        inference_component_name=component_name,
        endpoint_name=endpoint.attr_endpoint_name,
        variant_name=variant_name,
        **_specify(model, fit=fit, startup_timeout_s=startup_timeout_s, instance_types=instance_types),
        runtime_config=sagemaker.CfnInferenceComponent.InferenceComponentRuntimeConfigProperty(copy_count=first_copies),
        deployment_config=_roll_one_by_one(update, alarm_names=alarms.alarm_names),
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
    update: UpdatePolicy, *, alarm_names: Sequence[str]
) -> sagemaker.CfnInferenceComponent.InferenceComponentDeploymentConfigProperty:
    """Return the way of an update: start one new copy, stop an old one, watch, and so on; the same way back.

    One at a time needs room for one copy more. Left to itself a rollback would bring all old copies back at once, and
    need as much room as there are copies.
    """
    one = sagemaker.CfnInferenceComponent.InferenceComponentCapacitySizeProperty(type="COPY_COUNT", value=1)
    alarms = [sagemaker.CfnInferenceComponent.AlarmProperty(alarm_name=name) for name in alarm_names]
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
