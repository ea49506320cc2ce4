"""What is deployed, asked from AWS's own API: the stacks of this project, their endpoints, components and scaling."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cli.errors import NotDeployedError, UsageError
from cli.owner import Owner

if TYPE_CHECKING:
    from boto3 import Session


@dataclass(frozen=True, kw_only=True)
class Component:
    """One inference component.

    Attributes:
        desired_copies: how many copies there should be.
        current_copies: how many copies answer.
        min_copies: what the scalable target allows at least; None where nothing scales it.
        failure_reason: why it is Failed, or an empty string.
        adapter_of: the component on whose copies it answers; empty for one that has copies of its own.
    """

    name: str
    status: str
    desired_copies: int
    current_copies: int
    min_copies: int | None = None
    max_copies: int | None = None
    failure_reason: str = ""
    adapter_of: str = ""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One stack of this project and what serves behind it.

    Attributes:
        outputs: the stack's outputs, by key.
        endpoint_status: SageMaker's word, or "none" where the stack has no endpoint (any more).
    """

    stack: str
    stack_status: str
    outputs: dict[str, str]
    endpoint: str = ""
    endpoint_status: str = "none"
    instance_type: str = ""
    components: list[Component] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def read_deployments(session: "Session", owner: Owner) -> list[Deployment]:
    """Every stack of an owner in the session's account and region, with its endpoint, in order of name.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS could not be asked.
    """
    cloudformation = session.client("cloudformation")
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [s for page in pages for s in page["Stacks"] if owner.owns(s["StackName"])]
    return [_read(session, stack) for stack in sorted(stacks, key=lambda stack: stack["StackName"])]


def _read(session: "Session", stack: Any) -> Deployment:
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    bare = Deployment(stack=stack["StackName"], stack_status=stack["StackStatus"], outputs=outputs)
    name = outputs.get("EndpointName")
    if not name:
        return bare
    sagemaker = session.client("sagemaker")
    found = sagemaker.list_endpoints(NameContains=name)["Endpoints"]
    if not any(endpoint["EndpointName"] == name for endpoint in found):
        return bare
    endpoint = sagemaker.describe_endpoint(EndpointName=name)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    pages = sagemaker.get_paginator("list_inference_components").paginate(EndpointNameEquals=name)
    names = [c["InferenceComponentName"] for page in pages for c in page["InferenceComponents"]]
    return Deployment(
        stack=bare.stack,
        stack_status=bare.stack_status,
        outputs=outputs,
        endpoint=name,
        endpoint_status=endpoint["EndpointStatus"],
        instance_type=_name_types(config["ProductionVariants"][0]),
        components=[_read_component(session, component) for component in sorted(names)],
    )


def _name_types(variant: Any) -> str:
    """The instance type, or of pools all that there may be."""
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", [])]
    return variant.get("InstanceType") or " or ".join(pools)


def _read_component(session: "Session", name: str) -> Component:
    described = session.client("sagemaker").describe_inference_component(InferenceComponentName=name)
    targets = session.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker",
        ResourceIds=[f"inference-component/{name}"],
        ScalableDimension="sagemaker:inference-component:DesiredCopyCount",
    )["ScalableTargets"]
    copies = described.get("RuntimeConfig", {})
    return Component(
        name=name,
        status=described["InferenceComponentStatus"],
        desired_copies=copies.get("DesiredCopyCount", 0),
        current_copies=copies.get("CurrentCopyCount", 0),
        min_copies=targets[0]["MinCapacity"] if targets else None,
        max_copies=targets[0]["MaxCapacity"] if targets else None,
        failure_reason=described.get("FailureReason", ""),
        adapter_of=described.get("Specification", {}).get("BaseInferenceComponentName", ""),
    )


def endpoint_stack(session: "Session", owner: Owner) -> str:
    """The name of the endpoint stack that is meant: that of the owner's stage, or the only one that is deployed.

    Raises:
        NotDeployedError: none is deployed.
        UsageError: several are, and no stage was named.
    """
    if owner.stage:
        return f"{owner.name}-{owner.stage}-endpoint"
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
    found = [name for name in names if name.startswith(f"{owner.name}-") and name.endswith("-endpoint")]
    if not found:
        raise NotDeployedError(
            f"No endpoint stack of {owner} is deployed in this account and region.",
            advice="Deploy one: `make up` on this machine, or `cdk deploy -c stage=dev` on AWS.",
        )
    if len(found) > 1:
        raise UsageError(f"Several are deployed: {', '.join(sorted(found))}.", advice="Name one with --stage.")
    return found[0]
