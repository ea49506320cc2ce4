"""Findings of cdk-nag that are looked at and kept, each with its reason beside the construct it is of.

The pack itself (AwsSolutions) runs in the tests: what it has no acknowledgement for, fails there. The rules:
https://github.com/cdklabs/cdk-nag/blob/main/RULES.md#awssolutions
"""

from aws_cdk import Acknowledgment, Aws, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"


def acknowledge(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Keep what a rule finds in a construct and in all below it.

    Args:
        construct: what the finding is of.
        rule: its id, as `AwsSolutions-VPC7`; of a rule about permissions with the permission, as
            `AwsSolutions-IAM5[Resource::*]`.
        reason: why it stays, in a sentence for who audits it.
    """
    for value, name in ((Aws.ACCOUNT_ID, "AWS::AccountId"), (Aws.PARTITION, "AWS::Partition")):
        # What only the deploy knows stands in a finding by its name.
        rule = rule.replace(value, f"<{name}>")
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{rule}", reason=reason))
