"""The CloudFormation resource types of SageMaker. Each makes what the same call by any client makes."""

from collections.abc import Mapping

from local.aws.cloudformation.provider import ResourceProvider
from local.aws.sagemaker.component_resource import ComponentProvider
from local.aws.sagemaker.definition_resource import DefinitionProvider
from local.aws.sagemaker.endpoint_resource import EndpointProvider
from local.aws.sagemaker.service import SageMakerService


def providers(sagemaker: SageMakerService) -> Mapping[str, ResourceProvider]:
    """The providers by resource type."""
    return {
        "AWS::SageMaker::Model": DefinitionProvider(sagemaker.api, noun="Model"),
        "AWS::SageMaker::EndpointConfig": DefinitionProvider(sagemaker.api, noun="EndpointConfig"),
        "AWS::SageMaker::Endpoint": EndpointProvider(sagemaker.api),
        "AWS::SageMaker::InferenceComponent": ComponentProvider(sagemaker.api, hostings=sagemaker.hosting),
    }
