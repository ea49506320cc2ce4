"""The load balancer before the service: how callers connect, and when a task counts as well."""

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from stacks.acknowledgement import acknowledge
from stacks.constructs.rag_service import HEALTH_PATH
from stacks.service_environment import PORT

# What is known of a running change of documents is kept by the task that works on it: a browser finds it again.
_STICKY_MINUTES = 15


class LoadBalancer(Construct):
    """One listener: HTTPS where there is a certificate, else HTTP. With a certificate nothing listens on port 80.

    A redirect from there would come too late: the caller's key has gone over the wire in the clear by then.

    Args:
        scope: the parent.
        construct_id: the id below it.
        vpc: where it stands.
        subnets: in which of its subnets.
        security_group: its own.
        public: whether it faces the internet.
        port: where it listens.
        certificate_arn: for HTTPS; None for HTTP.
        idle_timeout_s: how long a connection may be silent.
        drain_timeout_s: how long a task that is taken out may finish its answers.
        deletion_protection: whether it refuses to be deleted.

    Attributes:
        target_group: the tasks that it sends requests to.
        dns_name: its own name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
        public: bool,
        port: int,
        certificate_arn: str | None,
        idle_timeout_s: int,
        drain_timeout_s: int,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            vpc_subnets=subnets,
            internet_facing=public,
            security_group=security_group,
            idle_timeout=Duration.seconds(idle_timeout_s),
            drop_invalid_header_fields=True,
            deletion_protection=deletion_protection,
        )
        acknowledge(
            balancer,
            "AwsSolutions-ELB2",
            "CKV_AWS_91",
            reason="The service logs every request with caller, status and duration; access logs would be a second "
            "copy in a bucket, without the caller.",
        )
        self.target_group = elb.ApplicationTargetGroup(
            self,
            "Tasks",
            vpc=vpc,
            port=PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            target_type=elb.TargetType.IP,
            # Answers differ in length by orders of magnitude: turns would pile them up.
            load_balancing_algorithm_type=elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
            stickiness_cookie_duration=Duration.minutes(_STICKY_MINUTES),
            deregistration_delay=Duration.seconds(drain_timeout_s),
            health_check=elb.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )
        listener = balancer.add_listener(
            "Listener",
            port=port,
            protocol=elb.ApplicationProtocol.HTTPS if certificate_arn else elb.ApplicationProtocol.HTTP,
            certificates=[elb.ListenerCertificate.from_arn(certificate_arn)] if certificate_arn else None,
            ssl_policy=elb.SslPolicy.RECOMMENDED_TLS if certificate_arn else None,
            default_target_groups=[self.target_group],
            open=False,
        )
        if certificate_arn is None:
            acknowledge(
                listener,
                "CKV_AWS_2",
                "CKV_AWS_103",
                reason="Without a certificate it has private addresses only and listens to the networks that "
                "service_callers names; service_certificate_arn makes it HTTPS, and service_public demands that.",
            )
        self.dns_name = balancer.load_balancer_dns_name

    def send_to(self, service: ecs.FargateService) -> None:
        """Send requests to the service's tasks."""
        self.target_group.add_target(service)
