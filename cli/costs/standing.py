"""What is billed by the hour or the month beside the endpoint: tasks, load balancers, network, keys, alarms."""

from typing import TYPE_CHECKING, Any

from cli.costs.cost import Cost
from cli.costs.resource import Resource
from model.standing_prices import (
    ALARM_METRIC,
    DASHBOARD,
    ENCRYPTION_KEY,
    FARGATE_ARM_GB,
    FARGATE_ARM_VCPU,
    FARGATE_GB,
    FARGATE_VCPU,
    FAST_ALARM_METRIC,
    INTERFACE_ENDPOINT,
    LOAD_BALANCER,
    NAT_GATEWAY,
    PUBLIC_ADDRESS,
    SECRET,
)

if TYPE_CHECKING:
    from boto3 import Session

_CPU_UNITS, _MIB_PER_GB = 1024, 1024
_FAST_BELOW_S = 60


def price_tasks(session: "Session", resource: Resource) -> Cost:
    """The running tasks of an ECS service on Fargate."""
    client: Any = session.client("ecs")
    cluster = resource.physical_id.split("/")[-2]
    service = client.describe_services(cluster=cluster, services=[resource.physical_id])["services"][0]
    task = client.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    if "FARGATE" not in task.get("requiresCompatibilities", []):
        return Cost(resource=resource, what="tasks", detail="not on Fargate", usd_per_hour=None)
    vcpus, gb = int(task["cpu"]) / _CPU_UNITS, int(task["memory"]) / _MIB_PER_GB
    architecture = task.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
    per_vcpu, per_gb = {
        "X86_64": (FARGATE_VCPU, FARGATE_GB),
        "ARM64": (FARGATE_ARM_VCPU, FARGATE_ARM_GB),
    }[architecture]
    count = service["runningCount"]
    return Cost(
        resource=resource,
        what="Fargate tasks",
        detail=f"{count} running of {service['desiredCount']}, {vcpus:g} vCPU and {gb:g} GB each, {architecture}",
        usd_per_hour=count * (vcpus * per_vcpu.usd_per_hour + gb * per_gb.usd_per_hour),
        by_use="data transfer",
    )


def price_load_balancer(session: "Session", resource: Resource) -> Cost:
    """A load balancer, with its public addresses where it faces the internet."""
    client: Any = session.client("elbv2")
    found = client.describe_load_balancers(LoadBalancerArns=[resource.physical_id])["LoadBalancers"][0]
    public = found["Scheme"] == "internet-facing"
    zones = len(found["AvailabilityZones"])
    addresses = f", {zones} public addresses" if public else ""
    return Cost(
        resource=resource,
        what="load balancer",
        detail=f"{found['Type']}, {found['Scheme']}{addresses}",
        usd_per_hour=LOAD_BALANCER.usd_per_hour + (zones * PUBLIC_ADDRESS.usd_per_hour if public else 0.0)
        if found["Type"] in ("application", "network")
        else None,
        by_use="capacity units, data transfer",
    )


def price_vpc_endpoint(session: "Session", resource: Resource) -> Cost:
    """A VPC endpoint: an interface in each zone, or a gateway, which is free."""
    client: Any = session.client("ec2")
    found = client.describe_vpc_endpoints(VpcEndpointIds=[resource.physical_id])["VpcEndpoints"][0]
    # com.amazonaws.REGION.SERVICE
    service = found["ServiceName"].split(".", 3)[-1]
    if found["VpcEndpointType"] == "Gateway":
        return Cost(resource=resource, what="gateway endpoint", detail=service, usd_per_hour=0.0)
    zones = len(found.get("SubnetIds", []))
    return Cost(
        resource=resource,
        what="interface endpoint",
        detail=f"{service} in {zones} zones",
        usd_per_hour=zones * INTERFACE_ENDPOINT.usd_per_hour if found["VpcEndpointType"] == "Interface" else None,
        by_use="data passed on",
    )


def price_nat_gateway(_: "Session", resource: Resource) -> Cost:
    """A NAT gateway; its address is a resource of its own."""
    return Cost(resource=resource, what="NAT gateway", usd_per_hour=NAT_GATEWAY.usd_per_hour, by_use="data passed on")


def price_address(_: "Session", resource: Resource) -> Cost:
    """A public IPv4 address."""
    return Cost(resource=resource, what="public address", usd_per_hour=PUBLIC_ADDRESS.usd_per_hour)


def price_key(session: "Session", resource: Resource) -> Cost:
    """A KMS key: one that waits for its deletion is free."""
    client: Any = session.client("kms")
    state = client.describe_key(KeyId=resource.physical_id)["KeyMetadata"]["KeyState"]
    pending = state == "PendingDeletion"
    return Cost(
        resource=resource,
        what="KMS key",
        detail="waits for its deletion" if pending else "the first two rotations of its material cost as much again",
        usd_per_hour=0.0 if pending else ENCRYPTION_KEY.usd_per_hour,
        by_use="" if pending else "requests",
        is_going=pending,
    )


def price_secret(session: "Session", resource: Resource) -> Cost:
    """A secret: one that waits for its deletion is free."""
    client: Any = session.client("secretsmanager")
    pending = "DeletedDate" in client.describe_secret(SecretId=resource.physical_id)
    return Cost(
        resource=resource,
        what="secret",
        detail="waits for its deletion" if pending else "",
        usd_per_hour=0.0 if pending else SECRET.usd_per_hour,
        by_use="" if pending else "requests",
        is_going=pending,
    )


def price_dashboard(_: "Session", resource: Resource) -> Cost:
    """A dashboard."""
    return Cost(
        resource=resource,
        what="dashboard",
        detail="the first three of an account are free",
        usd_per_hour=DASHBOARD.usd_per_hour,
    )


def price_alarm(session: "Session", resource: Resource) -> Cost:
    """An alarm: each metric that it looks at, dearer where it looks more often than once a minute."""
    client: Any = session.client("cloudwatch")
    found = client.describe_alarms(AlarmNames=[resource.physical_id])["MetricAlarms"][0]
    stats = [metric["MetricStat"] for metric in found.get("Metrics", []) if "MetricStat" in metric]
    periods = [stat["Period"] for stat in stats] or [found["Period"]]
    fast = sum(period < _FAST_BELOW_S for period in periods)
    plain = len(periods) - fast
    return Cost(
        resource=resource,
        what="alarm",
        detail=f"a period of {min(periods)} s" + (f", {len(periods)} metrics" if len(periods) > 1 else ""),
        usd_per_hour=plain * ALARM_METRIC.usd_per_hour + fast * FAST_ALARM_METRIC.usd_per_hour,
    )
