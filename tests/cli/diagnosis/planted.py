"""Endpoint stacks with a failure planted in each, as templates for CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"
IMAGE = (
    "763104351884.dkr.ecr.us-east-1.amazonaws.com/"
    "huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
)


def stack_of(name: str) -> str:
    return f"llm-twin-{name}-endpoint"


def template(
    name: str,
    *,
    image: str = IMAGE,
    environment: Mapping[str, str] | None = None,
    s3_uri: str | None = None,
    instance: str = "ml.g5.2xlarge",
    max_instances: int = 2,
    copies: int = 1,
    startup_timeout_s: int = 600,
    trusted: str = "sagemaker.amazonaws.com",
    beside: bool = False,
    adapter: str | None = None,
) -> str:
    """The shape of an endpoint stack of this project: role, model, configuration, endpoint, component.

    With ``beside`` a second model and its component, as they should be; with ``adapter`` one on the component's copies.
    """
    trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    container: dict[str, Any] = {"Image": image, "Environment": {"HF_MODEL_ID": SMALL, **(environment or {})}}
    if s3_uri:
        source = {"S3Uri": s3_uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
        container["ModelDataSource"] = {"S3DataSource": source}
    variant = {
        "VariantName": "AllTraffic",
        "InstanceType": instance,
        "InitialInstanceCount": 1,
        "ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": max_instances},
    }
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    component = {
        "InferenceComponentName": f"Llm-{name}",
        "EndpointName": {"Fn::GetAtt": ["Endpoint", "EndpointName"]},
        "VariantName": "AllTraffic",
        "Specification": {
            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
            "ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 1, "MinMemoryRequiredInMb": 1024},
            "StartupParameters": {"ContainerStartupHealthCheckTimeoutInSeconds": startup_timeout_s},
        },
        "RuntimeConfig": {"CopyCount": copies},
    }
    definitions = {
        "Role": ("IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}),
        "Model": ("SageMaker::Model", {"ExecutionRoleArn": role, "PrimaryContainer": container}),
        "Config": ("SageMaker::EndpointConfig", {"ExecutionRoleArn": role, "ProductionVariants": [variant]}),
        "Endpoint": (
            "SageMaker::Endpoint",
            {"EndpointName": f"Twin-{name}", "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        ),
        "Component": ("SageMaker::InferenceComponent", component),
    }
    if beside:
        healthy = {"Image": IMAGE, "Environment": {"HF_MODEL_ID": SMALL}}
        definitions["BesideModel"] = ("SageMaker::Model", {"ExecutionRoleArn": role, "PrimaryContainer": healthy})
        its = {**component["Specification"], "ModelName": {"Fn::GetAtt": ["BesideModel", "ModelName"]}}
        definitions["BesideComponent"] = (
            "SageMaker::InferenceComponent",
            {**component, "InferenceComponentName": f"Llm-{name}-beside", "Specification": its},
        )
    if adapter:
        of_base = {"BaseInferenceComponentName": f"Llm-{name}", "Container": {"ArtifactUrl": adapter}}
        definitions["Adapter"] = (
            "SageMaker::InferenceComponent",
            {**component, "InferenceComponentName": f"Adapter-{name}", "Specification": of_base},
        )
        del definitions["Adapter"][1]["RuntimeConfig"]
    resources = {key: {"Type": f"AWS::{kind}", "Properties": value} for key, (kind, value) in definitions.items()}
    if adapter:
        resources["Adapter"]["DependsOn"] = "Component"
    return json.dumps({"Resources": resources})


# What is wrong with each stack, by what a person would have got wrong. HUB is the test's own hub.
PLANTED: Mapping[str, Mapping[str, Any]] = {
    "bad-image": {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:1"},
    "unpublished-tag": {"image": IMAGE.replace("2.7.0-tgi3.3.6", "2.7.0-tgi9.9.9")},
    "one-of-two": {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:3", "beside": True},
    "model-not-found": {"environment": {"HF_MODEL_ID": "acme/none", "HF_ENDPOINT": "HUB"}},
    "gated-model": {"environment": {"HF_MODEL_ID": "meta-llama/Llama-3.1-8B-Instruct"}},
    "gated-to-this-token": {
        "environment": {"HF_MODEL_ID": "gated/model", "HF_ENDPOINT": "HUB", "HF_TOKEN": "not-in-the-list"}
    },
    "out-of-gpu-memory": {"environment": {"HF_MODEL_ID": "Qwen/Qwen2.5-32B-Instruct"}},
    "no-memory-for-a-prompt": {
        "environment": {"HF_MODEL_ID": "mistralai/Mistral-7B-Instruct-v0.3", "MAX_BATCH_PREFILL_TOKENS": "200000"}
    },
    "health-check-timeout": {
        "environment": {"HF_MODEL_ID": "slow/model", "HF_ENDPOINT": "HUB"},
        "startup_timeout_s": 60,
    },
    "no-quota": {"instance": "ml.p4d.24xlarge"},
    "wrong-role": {"trusted": "ec2.amazonaws.com"},
    "missing-weights": {"s3_uri": "s3://no-such-bucket/weights/"},
    "missing-adapter": {"adapter": "s3://half-published/none.tar.gz"},
    "incomplete-weights": {
        "s3_uri": "s3://half-published/twin/",
        "environment": {"HF_MODEL_ID": "/opt/ml/model"},
    },
    "no-room-on-instances": {"copies": 3, "max_instances": 1},
    "engine-settings": {"environment": {"MAX_INPUT_TOKENS": "4096", "MAX_TOTAL_TOKENS": "4096"}},
    "healthy": {},
}

# The files under a prefix whose publish was cut off: the index names a shard that is not there.
HALF_PUBLISHED = {
    "config.json": b"{}",
    "model.safetensors.index.json": b'{"weight_map": {"embed": "a.safetensors", "head": "b.safetensors"}}',
    "a.safetensors": b"weights",
}
