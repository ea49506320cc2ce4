"""The role that SageMaker takes on to run a model: it may fetch image and weights, report, look at alarms; no more."""

from collections.abc import Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from model.images import Image
from stacks.acknowledgement import acknowledge
from stacks.data_capture import DataCapture

_LOG_GROUPS = "/aws/sagemaker/*"
_METRIC_NAMESPACES = ("AWS/SageMaker", "/aws/sagemaker/*")


class ExecutionRole(Construct):
    """A role without managed policies, bound to one image and one place of weights.

    The policies are part of the role itself, so that no model can be created between the role and its permissions.

    Args:
        scope: the parent.
        construct_id: the id below it.
        image: the image that may be pulled.
        s3_uris: the prefixes of the weights that may be read, `s3://BUCKET/PREFIX/`; none for weights from the hub.
        adapter_uris: the archives of adapters that may be read, `s3://BUCKET/KEY`.
        s3_kms_key_arn: the key that decrypts weights and adapters, where it is one's own.
        capture: where requests and answers are written; None for nowhere.
        key_arn: the key that encrypts those.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image,
        s3_uris: Sequence[str],
        adapter_uris: Sequence[str],
        s3_kms_key_arn: str | None,
        capture: DataCapture | None,
        key_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        policies = {
            "PullImage": _allow_image(stack, image),
            "Report": _allow_reports(stack),
            "WatchUpdates": _allow_watching(stack),
        }
        if s3_uris:
            policies["ReadWeights"] = [statement for uri in s3_uris for statement in _allow_weights(stack, uri)]
        if adapter_uris:
            policies["ReadAdapters"] = _allow_adapters(stack, adapter_uris)
        if s3_kms_key_arn is not None:
            policies["ReadWeights" if s3_uris else "ReadAdapters"] += _allow_key(stack, s3_kms_key_arn)
        if capture is not None and key_arn is not None:
            policies["Capture"] = _allow_capture(stack, capture, key_arn)
        self.role = iam.Role(
            self,
            "Role",
            description="SageMaker takes it on to run the model",
            # Only for resources of this account:
            # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            inline_policies={name: iam.PolicyDocument(statements=statements) for name, statements in policies.items()},
        )
        _acknowledge_wildcards(self.role, stack, s3_uris, capture)


def _allow_image(stack: Stack, image: Image) -> list[iam.PolicyStatement]:
    repository = f"arn:{stack.partition}:ecr:{image.region}:{image.account_id}:repository/{image.repository}"
    return [
        iam.PolicyStatement(
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[repository],
        ),
        # AWS knows no resource for a registry's login.
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
    ]


def _allow_reports(stack: Stack) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[f"arn:{stack.partition}:logs:{stack.region}:{Aws.ACCOUNT_ID}:log-group:{_LOG_GROUPS}"],
        ),
        # AWS knows no resource for metrics; the condition takes its place.
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringLike": {"cloudwatch:namespace": list(_METRIC_NAMESPACES)}},
        ),
    ]


def _allow_watching(stack: Stack) -> list[iam.PolicyStatement]:
    """Return the look at the alarms that take an update back.

    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html wants it of the role.
    """
    return [iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=[_alarms(stack)])]


def _alarms(stack: Stack) -> str:
    return f"arn:{stack.partition}:cloudwatch:{stack.region}:{Aws.ACCOUNT_ID}:alarm:*"


def _allow_weights(stack: Stack, s3_uri: str) -> list[iam.PolicyStatement]:
    bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
    return [
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{stack.partition}:s3:::{bucket}/{prefix}*"]),
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[f"arn:{stack.partition}:s3:::{bucket}"],
            conditions={"StringLike": {"s3:prefix": f"{prefix}*"}},
        ),
    ]


def _allow_adapters(stack: Stack, uris: Sequence[str]) -> list[iam.PolicyStatement]:
    """Return the reading of exactly these objects, and of whether they are there."""
    objects = sorted({uri.removeprefix("s3://") for uri in uris})
    keys_by_bucket: dict[str, list[str]] = {}
    for path in objects:
        bucket, _, key = path.partition("/")
        keys_by_bucket.setdefault(bucket, []).append(key)
    return [
        iam.PolicyStatement(
            actions=["s3:GetObject"], resources=[f"arn:{stack.partition}:s3:::{path}" for path in objects]
        ),
        *(
            iam.PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[f"arn:{stack.partition}:s3:::{bucket}"],
                conditions={"StringEquals": {"s3:prefix": keys}},
            )
            for bucket, keys in keys_by_bucket.items()
        ),
    ]


def _allow_key(stack: Stack, key_arn: str) -> list[iam.PolicyStatement]:
    """Return the use of a key for what S3 holds, and for nothing else."""
    s3 = f"s3.{stack.region}.{stack.url_suffix}"
    return [
        iam.PolicyStatement(
            actions=["kms:Decrypt"], resources=[key_arn], conditions={"StringEquals": {"kms:ViaService": s3}}
        )
    ]


def _allow_capture(stack: Stack, capture: DataCapture, key_arn: str) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            actions=["s3:PutObject"], resources=[f"arn:{stack.partition}:s3:::{capture.bucket_and_prefix}*"]
        ),
        # Large objects are written in parts, of which S3 reads the ones before.
        iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key_arn]),
    ]


def _acknowledge_wildcards(role: iam.Role, stack: Stack, s3_uris: Sequence[str], capture: DataCapture | None) -> None:
    logs = f"arn:{stack.partition}:logs:{stack.region}:{Aws.ACCOUNT_ID}:log-group:{_LOG_GROUPS}"
    wildcards = {
        "*": "AWS knows no resource for a registry's login nor for metrics; a condition names the metrics' namespaces.",
        logs: "SageMaker chooses the names of its log groups below this prefix.",
        _alarms(stack): "CloudFormation chooses the names of the alarms; their states are all that is read.",
    }
    for s3_uri in s3_uris:
        bucket_and_prefix = s3_uri.removeprefix("s3://")
        wildcards[f"arn:{stack.partition}:s3:::{bucket_and_prefix}*"] = "The files of the one model that it runs."
    if capture is not None:
        wildcards[f"arn:{stack.partition}:s3:::{capture.bucket_and_prefix}*"] = "SageMaker names what it captures."
    for resource, reason in wildcards.items():
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
