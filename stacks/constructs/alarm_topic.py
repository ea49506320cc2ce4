"""Where alarms and budgets are announced."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

# CloudWatch and Budgets, which publish without a role.
_PUBLISHERS = ("budgets.amazonaws.com", "cloudwatch.amazonaws.com")
# The shortest that KMS allows; until then a deletion can be taken back.
_PENDING_DAYS = 7


class AlarmTopic(Construct):
    """An encrypted topic that takes no plain HTTP, and the one address that is told.

    The key is the project's own, because CloudWatch and Budgets may not use the key of SNS:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html

    Args:
        scope: the parent.
        construct_id: the id below it.
        email: who is told; None for nobody.

    Attributes:
        topic: the topic.
    """

    def __init__(self, scope: Construct, construct_id: str, *, email: str | None) -> None:
        super().__init__(scope, construct_id)
        # Only what they publish for this account, not for another one that names this topic:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        of_this_account = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        publishers = [iam.ServicePrincipal(name, conditions=of_this_account) for name in _PUBLISHERS]
        key = kms.Key(
            self,
            "Key",
            description="Encrypts announcements of alarms and budgets",
            enable_key_rotation=True,
            pending_window=Duration.days(_PENDING_DAYS),
            removal_policy=RemovalPolicy.DESTROY,
        )
        key.add_to_resource_policy(
            # In a key's policy all resources are the key itself.
            iam.PolicyStatement(principals=publishers, actions=["kms:Decrypt", "kms:GenerateDataKey*"], resources=["*"])
        )
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(principals=publishers, actions=["sns:Publish"], resources=[self.topic.topic_arn])
        )
        if email is not None:
            sns.Subscription(self, "Email", topic=self.topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=email)
