"""LoRA adapters as inference components of their own, on the copies of the component that serves their base model."""

from collections.abc import Mapping

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.adapter import S3Adapter


class AdapterComponents(Construct):
    """One component for each adapter: SageMaker fetches its archive and registers it with every copy of the base.

    It reserves nothing and has no copies: it answers on the base component's, as many as there are of them. It can be
    made when the base component is in service, and has to be gone before that one is deleted.

    Args:
        scope: the parent.
        construct_id: the id below it.
        adapters: the adapters, by the names of their components.
        base: the component that serves the model which they adapt.
        base_name: its name.
        endpoint: what hosts both.
        replacement_key: the hash that the names carry: adapters are made anew with the endpoint.

    Attributes:
        components: the components, in the order of the adapters.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        adapters: Mapping[str, S3Adapter],
        base: sagemaker.CfnInferenceComponent,
        base_name: str,
        endpoint: sagemaker.CfnEndpoint,
        replacement_key: str,
    ) -> None:
        super().__init__(scope, construct_id)
        one = sagemaker.CfnInferenceComponent
        self.components = tuple(
            one(
                self,
                f"{adapter.adapter_id}-{replacement_key}",
                inference_component_name=name,
                endpoint_name=endpoint.attr_endpoint_name,
                specification=one.InferenceComponentSpecificationProperty(
                    base_inference_component_name=base_name,
                    container=one.InferenceComponentContainerSpecificationProperty(artifact_url=adapter.s3_uri),
                ),
            )
            for name, adapter in adapters.items()
        )
        for component in self.components:
            # By its name alone CloudFormation would not know that it has to wait, nor what to delete first.
            component.add_resource_dependency(base)
