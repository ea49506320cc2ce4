"""A further model on an endpoint that is there for another: with a component of its own, on the same instances."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.engines import Container
from model.fit import Fit
from stacks.constructs.model_component import make_component, make_model
from stacks.update_policy import UpdatePolicy


class BesideModel(Construct):
    """Model, component, and the alarm that takes an update of it back.

    Args:
        scope: the parent.
        construct_id: the id below it.
        component_name: the component's name.
        replacement_key: the hash that the endpoint's name carries: what is on it goes with it.
        endpoint: what hosts it.
        variant_name: of the endpoint.
        container: image and environment.
        s3_uri: where the weights are; None if the container fetches them from the hub.
        network_isolation: whether the containers of the endpoint are cut off from the network.
        role: what SageMaker takes on to run it.
        instance_types: the instance types that the variant may have.
        fit: what a copy reserves.
        startup_timeout_s: how long a copy may take to answer, in seconds.
        update: how a change of all that is rolled out.

    Attributes:
        component: the component.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component_name: str,
        replacement_key: str,
        endpoint: sagemaker.CfnEndpoint,
        variant_name: str,
        container: Container,
        s3_uri: str | None,
        network_isolation: bool,
        role: iam.IRole,
        instance_types: Sequence[str],
        fit: Fit,
        startup_timeout_s: int,
        update: UpdatePolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.component = make_component(
            self,
            component_name=component_name,
            replacement_key=replacement_key,
            model=make_model(self, container=container, s3_uri=s3_uri, network_isolation=network_isolation, role=role),
            endpoint=endpoint,
            variant_name=variant_name,
            instance_types=instance_types,
            fit=fit,
            # SageMaker makes none without a copy; scaling takes it from there.
            first_copies=1,
            startup_timeout_s=startup_timeout_s,
            update=update,
        )
