"""Who may connect to whom: callers to the load balancer, it to the tasks, they to AWS. All of it is here."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.acknowledgement import acknowledge

HTTPS_PORT = 443
_EVERYBODY = "0.0.0.0/0"


class ServiceFirewall(Construct):
    """Three security groups and every rule between them.

    CDK's constructs would add such rules where two of them meet, under ids that hold the stack's name. So they are
    given views of the groups that take no rules.

    Args:
        scope: the parent.
        construct_id: the id below it.
        vpc: where the groups are.
        callers: networks that may connect to the load balancer.
        front_port: where it listens.
        task_port: where a task listens.

    Attributes:
        front: the load balancer's group.
        tasks: the tasks' group.
        aws: the group of the VPC endpoints.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        callers: Sequence[str],
        front_port: int,
        task_port: int,
    ) -> None:
        super().__init__(scope, construct_id)
        front = ec2.SecurityGroup(
            self, "Front", vpc=vpc, description="The load balancer of the service", allow_all_outbound=False
        )
        tasks = ec2.SecurityGroup(
            self, "Tasks", vpc=vpc, description="The tasks of the service", allow_all_outbound=False
        )
        aws = ec2.SecurityGroup(
            self, "Aws", vpc=vpc, description="The VPC endpoints of the service", allow_all_outbound=False
        )
        for network in callers:
            front.add_ingress_rule(ec2.Peer.ipv4(network), ec2.Port.tcp(front_port), "Callers")
        if _EVERYBODY in callers:
            acknowledge(
                front,
                "AwsSolutions-EC23",
                reason="A public service is asked for by service_public=true; it takes HTTPS only, and no request "
                "without a key. service_callers names fewer networks.",
            )
        self._allow("FrontToTasks", front, tasks, port=task_port, reason="Load balancer to tasks")
        self._allow("TasksToAws", tasks, aws, port=HTTPS_PORT, reason="Tasks to VPC endpoints")
        # S3 has public addresses; the route table knows no other public ones.
        tasks.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS_PORT), "S3 through the gateway endpoint")
        self.front = self._view("FrontView", front)
        self.tasks = self._view("TasksView", tasks)
        self.aws = self._view("AwsView", aws)

    def _allow(
        self, construct_id: str, source: ec2.SecurityGroup, destination: ec2.SecurityGroup, *, port: int, reason: str
    ) -> None:
        ec2.CfnSecurityGroupEgress(
            self,
            f"{construct_id}Out",
            group_id=source.security_group_id,
            description=reason,
            destination_security_group_id=destination.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            f"{construct_id}In",
            group_id=destination.security_group_id,
            description=reason,
            source_security_group_id=source.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )

    def _view(self, construct_id: str, group: ec2.SecurityGroup) -> ec2.ISecurityGroup:
        return ec2.SecurityGroup.from_security_group_id(self, construct_id, group.security_group_id, mutable=False)
