"""What moto keeps after a deletion that AWS does not, or not for long: listed as deleted or inactive for good.

After a stack is gone its lists are to be empty, so these are taken out of moto's own state, which its API cannot do.
"""

from local.aws.cloudformation.provider import ResourceRequest


def forget_vpc_endpoint(request: ResourceRequest, endpoint_id: str) -> None:
    """Take a deleted endpoint off the lists."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - a second of imports: only who deletes one pays

    ec2_backends[request.account_id][request.region].vpc_end_points.pop(endpoint_id, None)


def forget_nat_gateway(request: ResourceRequest, gateway_id: str) -> None:
    """Take a deleted gateway off the lists, with the network interface that moto leaves in its subnet."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - as above

    backend = ec2_backends[request.account_id][request.region]
    gateway = backend.nat_gateways.pop(gateway_id, None)
    if gateway is not None:
        backend.enis.pop(gateway._eni.id, None)


def forget_cluster(request: ResourceRequest, name: str) -> None:
    """Take an inactive cluster off the lists."""
    from moto.ecs.models import ecs_backends  # noqa: PLC0415 - as above

    ecs_backends[request.account_id][request.region].clusters.pop(name, None)
