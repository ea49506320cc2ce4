"""The network of the service: two zones, and private subnets without a way out."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.acknowledgement import acknowledge

_SUBNET_MASK = 24


class ServiceNetwork(Construct):
    """A VPC whose private subnets have no route out of it: no NAT, no internet.

    Public subnets, for a load balancer that faces the internet, come behind the private ones, so that adding them moves
    no address.

    Args:
        scope: the parent.
        construct_id: the id below it.
        cidr: its addresses, /22 or wider.
        has_public_subnets: whether something in it can face the internet.

    Attributes:
        vpc: the network.
        private_subnets: where the tasks run.
        front_subnets: where the load balancer stands.
    """

    def __init__(self, scope: Construct, construct_id: str, *, cidr: str, has_public_subnets: bool) -> None:
        super().__init__(scope, construct_id)
        private = ec2.SubnetConfiguration(
            name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=_SUBNET_MASK
        )
        public = ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=_SUBNET_MASK, map_public_ip_on_launch=False
        )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[private, public] if has_public_subnets else [private],
            # It would take a Lambda function; nothing here is in the default group.
            restrict_default_security_group=False,
        )
        acknowledge(
            self.vpc,
            "AwsSolutions-VPC7",
            reason="Its private subnets have no way out of it and security groups name every connection; flow logs "
            "would record the health checks of a load balancer, at a price per gigabyte.",
        )
        self.private_subnets = ec2.SubnetSelection(subnet_group_name="Private")
        self.front_subnets = ec2.SubnetSelection(subnet_group_name="Public" if has_public_subnets else "Private")
