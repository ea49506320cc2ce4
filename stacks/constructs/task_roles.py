"""The two roles of the service's tasks: what starts them, and what runs in them.

The policies are part of the roles themselves, so that no task starts between a role and its permissions.
"""

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.acknowledgement import acknowledge


class StartRole(Construct):
    """What ECS takes on to start a task (ECS calls it the execution role): it pulls one image and writes one log.

    Args:
        scope: the parent.
        construct_id: the id below it.
        repository_arn: where the image is pulled from.
        log_group: where the output goes.

    Attributes:
        role: the role; nothing can be added to it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, repository_arn: str, log_group: logs.ILogGroup) -> None:
        super().__init__(scope, construct_id)
        policies = {
            "PullImage": [
                iam.PolicyStatement(
                    actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    resources=[repository_arn],
                ),
                # AWS knows no resource for a registry's login.
                iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
            ],
            "WriteLog": [
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
                )
            ],
        }
        self.role = _make_role(
            self,
            description="ECS takes it on to start a task",
            policies=policies,
            wildcards={"*": "AWS knows no resource for a registry's login."},
        )


class TaskRole(Construct):
    """What the service may do: invoke one endpoint, keep its documents in one bucket, read its keys and the address.

    Args:
        scope: the parent.
        construct_id: the id below it.
        caller_policy_name: the policy that lets its holders invoke the endpoint.
        bucket: where the documents are.
        api_keys: the keys.
        published_path: the path in the Parameter Store under which the endpoint's address is published.
        key_arn: the key that encrypts documents and keys; None where AWS manages it.

    Attributes:
        role: the role; nothing can be added to it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        caller_policy_name: str,
        bucket: s3.IBucket,
        api_keys: secretsmanager.ISecret,
        published_path: str,
        key_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        (bucket_id, _) = stack.resolve(bucket.bucket_arn)["Fn::GetAtt"]
        parameters = f"arn:{stack.partition}:ssm:{stack.region}:{Aws.ACCOUNT_ID}:parameter{published_path}"
        policies = {
            "KeepDocuments": [
                iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]),
                iam.PolicyStatement(
                    actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                    resources=[bucket.arn_for_objects("*")],
                ),
            ],
            "ReadKeys": [
                iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[api_keys.secret_arn])
            ],
            # The path itself is what the call names.
            "FindEndpoint": [
                iam.PolicyStatement(actions=["ssm:GetParametersByPath"], resources=[parameters, f"{parameters}/*"])
            ],
        }
        if key_arn is not None:
            policies["UseKey"] = [
                iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key_arn])
            ]
        self.role = _make_role(
            self,
            description="The service takes it on to do its work",
            policies=policies,
            wildcards={
                f"<{bucket_id}.Arn>/*": "The objects of the one bucket; their names are the service's own.",
                f"{parameters}/*": "The addresses of this deployment.",
            },
            managed_policy_arn=f"arn:{stack.partition}:iam::{Aws.ACCOUNT_ID}:policy/{caller_policy_name}",
        )


def _make_role(
    scope: Construct,
    *,
    description: str,
    policies: dict[str, list[iam.PolicyStatement]],
    wildcards: dict[str, str],
    managed_policy_arn: str | None = None,
) -> iam.IRole:
    arns = [managed_policy_arn] if managed_policy_arn else []
    role = iam.Role(
        scope,
        "Role",
        description=description,
        # Only for tasks of this account:
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        managed_policies=[iam.ManagedPolicy.from_managed_policy_arn(scope, "Callers", arn) for arn in arns],
        inline_policies={name: iam.PolicyDocument(statements=statements) for name, statements in policies.items()},
    )
    for resource, reason in wildcards.items():
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason)
    return role.without_policy_updates()
