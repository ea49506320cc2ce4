"""The service as containers on Fargate: what one task is, and how tasks are exchanged for newer ones."""

from collections.abc import Mapping

from aws_cdk import Annotations, Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.acknowledgement import acknowledge
from stacks.service_environment import PORT, SHUTDOWN_GRACE_S, WRITABLE_FOLDER

# As the Dockerfile has them; a test compares. ECS reads neither USER nor HEALTHCHECK from an image.
USER = "10001:10001"
HEALTH_PATH = "/healthz"
HEALTH_COMMAND = (
    "python",
    "-c",
    f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}{HEALTH_PATH}', timeout=4).close()",
)
_START_S = 120
_STOP_S = 2 * SHUTDOWN_GRACE_S


class RagService(Construct):
    """A Fargate service that replaces its tasks without a gap, and goes back where the new ones do not come up.

    Health means that the process answers, not that the model does: an endpoint that sleeps, or is gone, is no reason to
    end every task and break off what can still be served.

    A container writes nowhere but to one volume, holds no Linux capability, and does not run as root. Fargate knows no
    `no-new-privileges`; the image holds no file that could give any.

    Args:
        scope: the parent.
        construct_id: the id below it.
        vpc: where it runs.
        subnets: in which of its subnets.
        security_group: of the tasks.
        image_uri: what it runs.
        environment: what the container is told.
        start_role: what ECS takes on to start a task.
        task_role: what the service may do.
        log_group: where its output goes.
        cpu_units: of a task, in 1/1024 of a vCPU.
        memory_mib: of a task.

    Attributes:
        service: the service.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
        image_uri: str,
        environment: Mapping[str, str],
        start_role: iam.IRole,
        task_role: iam.IRole,
        log_group: logs.ILogGroup,
        cpu_units: int,
        memory_mib: int,
    ) -> None:
        super().__init__(scope, construct_id)
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            cpu=cpu_units,
            memory_limit_mib=memory_mib,
            execution_role=start_role,
            task_role=task_role,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            volumes=[ecs.Volume(name="writable")],
        )
        linux = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        linux.drop_capabilities(ecs.Capability.ALL)
        container = task.add_container(
            "Service",
            image=ecs.ContainerImage.from_registry(image_uri),
            user=USER,
            readonly_root_filesystem=True,
            linux_parameters=linux,
            environment=dict(environment),
            port_mappings=[ecs.PortMapping(container_port=PORT)],
            # Where the log stalls, lines are lost and answers go on.
            logging=ecs.LogDriver.aws_logs(
                stream_prefix="service", log_group=log_group, mode=ecs.AwsLogDriverMode.NON_BLOCKING
            ),
            health_check=ecs.HealthCheck(
                command=["CMD", *HEALTH_COMMAND],
                interval=Duration.seconds(30),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(_START_S),
            ),
            stop_timeout=Duration.seconds(_STOP_S),
        )
        container.add_mount_points(
            ecs.MountPoint(container_path=WRITABLE_FOLDER, source_volume="writable", read_only=False)
        )
        # The role that pulls has its permission before it gets here.
        Annotations.of(container).acknowledge_warning("@aws-cdk/aws-ecs:ecrImageRequiresPolicy")
        acknowledge(
            task,
            "AwsSolutions-ECS2",
            reason="The variables are names, addresses and numbers; the one secret is read by its ARN.",
        )
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        acknowledge(
            cluster,
            "AwsSolutions-ECS4",
            "CKV_AWS_65",
            reason="Scaling and health rest on the load balancer's metrics and on CPU, which come without Container "
            "Insights; that is billed by metric.",
        )
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            vpc_subnets=subnets,
            security_groups=[security_group],
            assign_public_ip=False,
            # How many there are is for scaling to say; a count here would be set back by every deploy.
            min_healthy_percent=100,
            max_healthy_percent=200,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            health_check_grace_period=Duration.seconds(_START_S),
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
