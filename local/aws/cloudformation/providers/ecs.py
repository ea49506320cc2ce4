"""AWS::ECS::Cluster, AWS::ECS::TaskDefinition and AWS::ECS::Service: kept and described; no task is started."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import (
    ApiProvider,
    already_exists,
    as_tag_map,
    properties,
    tag_changes,
)
from local.aws.cloudformation.providers.leftovers import forget_cluster

# What is below these is the template's own, not a member of the API.
_FREE_FORM = frozenset({"DockerLabels", "DriverOpts", "Labels", "Options"})
_FIXED_BY_CREATION = (
    "Role",
    "SchedulingStrategy",
    "LaunchType",
    "DeploymentController",
    "ServiceName",
    "Cluster",
    "Tags",
)


class ClusterProvider(ApiProvider):
    """Clusters."""

    service = "ecs"
    handled = properties(
        "CapacityProviders ClusterName ClusterSettings Configuration DefaultCapacityProviderStrategy",
        "ServiceConnectDefaults Tags",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the cluster."""
        name = request.properties.get("ClusterName", request.generated_name)
        if any(cluster.endswith(f"/{name}") for cluster in client.list_clusters()["clusterArns"]):
            raise already_exists(request, name)
        arguments = _arguments(request.properties, without=("ClusterName", "ClusterSettings", "Tags"))
        cluster = client.create_cluster(
            clusterName=name, settings=_camel_case(request.properties.get("ClusterSettings", [])), **arguments
        )["cluster"]
        return ProvisionedResource(physical_id=name, attributes={"Arn": cluster["clusterArn"]})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its settings, capacity providers and tags."""
        name, wanted = resource.physical_id, request.properties
        if before:
            client.update_cluster(cluster=name, settings=_camel_case(wanted.get("ClusterSettings", [])))
        if before and "CapacityProviders" in wanted:
            client.put_cluster_capacity_providers(
                cluster=name,
                capacityProviders=wanted["CapacityProviders"],
                defaultCapacityProviderStrategy=_camel_case(wanted.get("DefaultCapacityProviderStrategy", [])),
            )
        _set_tags(client, str(resource.attributes["Arn"]), before, wanted)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the cluster."""
        client.delete_cluster(cluster=resource.physical_id)
        forget_cluster(request, resource.physical_id)


class TaskDefinitionProvider(ApiProvider):
    """Task definitions: each change is a new revision, and a deleted one is inactive."""

    service = "ecs"
    handled = properties(
        "ContainerDefinitions Cpu EphemeralStorage ExecutionRoleArn Family IpcMode Memory NetworkMode PidMode",
        "PlacementConstraints ProxyConfiguration RequiresCompatibilities RuntimePlatform Tags TaskRoleArn Volumes",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Register the definition."""
        definition = {"Family": request.generated_name, **request.properties}
        arguments = _arguments(definition, without=("Tags",))
        arn = client.register_task_definition(**arguments)["taskDefinition"]["taskDefinitionArn"]
        return ProvisionedResource(physical_id=arn, attributes={"TaskDefinitionArn": arn})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its tags; all else is a new revision."""
        _set_tags(client, resource.physical_id, before, request.properties)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Make the revision inactive."""
        client.deregister_task_definition(taskDefinition=resource.physical_id)


class ServiceProvider(ApiProvider):
    """Services."""

    service = "ecs"
    handled = properties(
        "AvailabilityZoneRebalancing CapacityProviderStrategy Cluster DeploymentConfiguration DeploymentController",
        "DesiredCount",
        "EnableECSManagedTags EnableExecuteCommand HealthCheckGracePeriodSeconds LaunchType LoadBalancers",
        "NetworkConfiguration PlacementConstraints PlacementStrategies PlatformVersion PropagateTags Role",
        "SchedulingStrategy ServiceConnectConfiguration ServiceName ServiceRegistries Tags TaskDefinition",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the service."""
        arguments = _arguments(request.properties, without=("ServiceName", "Tags"))
        service = client.create_service(
            serviceName=request.properties.get("ServiceName", request.generated_name), **arguments
        )["service"]
        arn = service["serviceArn"]
        return ProvisionedResource(physical_id=arn, attributes={"Name": service["serviceName"], "ServiceArn": arn})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Change the service and its tags."""
        if before:
            arguments = _arguments(request.properties, without=_FIXED_BY_CREATION)
            client.update_service(**_place(request.properties), service=resource.physical_id, **arguments)
        _set_tags(client, resource.physical_id, before, request.properties)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the service with its tasks."""
        client.delete_service(**_place(request.properties), service=resource.physical_id, force=True)


def _place(service: Mapping[str, Any]) -> dict[str, str]:
    return {"cluster": service["Cluster"]} if "Cluster" in service else {}


def _arguments(template: Mapping[str, Any], *, without: tuple[str, ...]) -> dict[str, Any]:
    kept = {name: value for name, value in template.items() if name not in without}
    converted: dict[str, Any] = _camel_case(kept)
    if "placementStrategies" in converted:
        converted["placementStrategy"] = converted.pop("placementStrategies")
    return converted


def _camel_case(value: Any) -> Any:
    """A template's value with the API's names: the same with a small first letter."""
    if isinstance(value, list):
        return [_camel_case(item) for item in value]
    if isinstance(value, dict):
        return {
            key[0].lower() + key[1:]: item if key in _FREE_FORM else _camel_case(item) for key, item in value.items()
        }
    return value


def _set_tags(client: Any, arn: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    added, removed = tag_changes(as_tag_map(before.get("Tags")), as_tag_map(wanted.get("Tags")))
    if added:
        client.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in added.items()])
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=removed)
