"""The stack of the business microservice: network, load balancer, tasks, documents, keys, and what others need to know.

It knows the endpoint by two names that a replacement of the endpoint does not change: the policy that lets its holders
invoke it (constructs/caller_policy.py), and the path in the Parameter Store under which its address is published. So
neither stack holds a value of the other's, and either can be deployed alone once both are there.
"""

from aws_cdk import Environment, Stack, Tags
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.constructs.api_keys import ApiKeys
from stacks.constructs.aws_access import AwsAccess
from stacks.constructs.container_image import ContainerImage
from stacks.constructs.knowledge_bucket import KnowledgeBucket
from stacks.constructs.load_balancer import LoadBalancer
from stacks.constructs.published_values import PublishedValues
from stacks.constructs.rag_service import RagService
from stacks.constructs.service_firewall import ServiceFirewall
from stacks.constructs.service_log import ServiceLog
from stacks.constructs.service_network import ServiceNetwork
from stacks.constructs.service_scaling import ServiceScaling
from stacks.constructs.task_roles import StartRole, TaskRole
from stacks.service_environment import PORT, describe_environment
from stacks.service_image import ServiceImage
from stacks.settings import DeploymentSettings


class ServiceStack(Stack):
    """Wires the constructs of one service together.

    Args:
        scope: the app.
        settings: what is deployed.
        image: what the service runs.
    """

    def __init__(self, scope: Construct, *, settings: DeploymentSettings, image: ServiceImage) -> None:
        super().__init__(
            scope,
            settings.service_stack_name,
            env=Environment(region=settings.region),
            description=f"Answers from documents with {settings.model.model_id}, stage {settings.stage}",
            termination_protection=settings.termination_protection,
        )
        service = settings.service
        network = ServiceNetwork(self, "Network", cidr=service.vpc_cidr, has_public_subnets=service.public)
        firewall = ServiceFirewall(
            self,
            "Firewall",
            vpc=network.vpc,
            callers=service.allowed_callers,
            front_port=service.port,
            task_port=PORT,
        )
        # Of its permissions none are here: they are in the key's policy and in the task's role.
        key = kms.Key.from_key_arn(self, "Key", settings.kms_key.arn) if settings.kms_key else None
        bucket = KnowledgeBucket(self, "Knowledge", keep=service.keep_data, key=key).bucket
        access = AwsAccess(
            self,
            "AwsAccess",
            vpc=network.vpc,
            subnets=network.private_subnets,
            group=firewall.aws,
            bucket_arn=bucket.bucket_arn,
        )
        api_keys = ApiKeys(self, "ApiKeys", keep=service.keep_data, key=key).secret
        log = ServiceLog(self, "Log", retention_days=service.log_retention_days, keep=service.keep_data, key=key)
        container_image = ContainerImage(self, "Image", image=image)
        rag = RagService(
            self,
            "Rag",
            vpc=network.vpc,
            subnets=network.private_subnets,
            security_group=firewall.tasks,
            image_uri=container_image.uri,
            environment=describe_environment(
                region=settings.region,
                vpc_cidr=service.vpc_cidr,
                published_path=settings.published_path,
                bucket_name=bucket.bucket_name,
                api_keys_arn=api_keys.secret_arn,
                max_answers=service.max_answers,
                answer_timeout_s=service.answer_timeout_s,
                idle_timeout_s=service.idle_timeout_s,
            ),
            start_role=StartRole(
                self, "Start", repository_arn=container_image.repository_arn, log_group=log.group
            ).role,
            task_role=TaskRole(
                self,
                "Task",
                caller_policy_name=settings.caller_policy_name,
                bucket=bucket,
                api_keys=api_keys,
                published_path=settings.published_path,
                key_arn=settings.kms_key.arn if settings.kms_key else None,
            ).role,
            log_group=log.group,
            cpu_units=service.cpu_units,
            memory_mib=service.memory_mib,
        )
        balancer = LoadBalancer(
            self,
            # A load balancer cannot change sides, and a target group belongs to one: so each side has its own of both.
            "PublicFront" if service.public else "InternalFront",
            vpc=network.vpc,
            subnets=network.front_subnets,
            security_group=firewall.front,
            public=service.public,
            port=service.port,
            certificate_arn=service.certificate_arn,
            idle_timeout_s=service.idle_timeout_s,
            drain_timeout_s=service.answer_timeout_s,
            deletion_protection=settings.termination_protection,
        )
        # A task that cannot reach the registry fails, and enough of those would roll the deployment back.
        rag.service.node.add_dependency(access, firewall)
        balancer.send_to(rag.service)
        ServiceScaling(
            self,
            "Scaling",
            service=rag.service,
            target_group=balancer.target_group,
            min_tasks=service.min_tasks,
            max_tasks=service.max_tasks,
            requests_per_minute=service.target_requests_per_minute,
        )
        published = PublishedValues(
            self,
            "Published",
            path=settings.published_path,
            values={
                "ServiceUrl": f"https://{service.domain}" if service.domain else f"http://{balancer.dns_name}",
                "LoadBalancerDnsName": balancer.dns_name,
                "KnowledgeBucketName": bucket.bucket_name,
                "ApiKeysSecretArn": api_keys.secret_arn,
            },
        )
        # Who reads an address finds a service behind it.
        published.node.add_dependency(rag.service)
        Tags.of(self).add("project", settings.name)
        Tags.of(self).add("stage", settings.stage)
