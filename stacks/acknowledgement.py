"""Findings of cdk-nag and checkov that are looked at and kept, each with its reason beside the construct it is of.

cdk-nag reads constructs: its pack (AwsSolutions) runs in the tests. checkov reads templates, and there the reason
stands on the resource itself. What has no reason fails there. The rules:
https://github.com/cdklabs/cdk-nag/blob/main/RULES.md#awssolutions and
https://www.checkov.io/5.Policy%20Index/cloudformation.html
"""

from aws_cdk import Acknowledgment, Aws, CfnResource, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"
_CHECKOV = "CKV_"


def acknowledge(construct: IConstruct, *rules: str, reason: str) -> None:
    """Keep what rules find in a construct.

    Args:
        construct: what the finding is of. A rule of cdk-nag holds for all below it; one of checkov for the resource
            that it is, or that it mainly consists of.
        rules: their ids, as `AwsSolutions-VPC7` and `CKV_AWS_18`; of a rule about permissions with the permission, as
            `AwsSolutions-IAM5[Resource::*]`.
        reason: why it stays, in a sentence for who audits it.
    """
    for rule in rules:
        if rule.startswith(_CHECKOV):
            _skip_in_checkov(construct, rule, reason)
        else:
            _acknowledge_in_pack(construct, rule, reason)


def _acknowledge_in_pack(construct: IConstruct, rule: str, reason: str) -> None:
    for value, name in ((Aws.ACCOUNT_ID, "AWS::AccountId"), (Aws.PARTITION, "AWS::Partition")):
        # What only the deploy knows stands in a finding by its name.
        rule = rule.replace(value, f"<{name}>")
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{rule}", reason=reason))


def _skip_in_checkov(construct: IConstruct, rule: str, reason: str) -> None:
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} consists of no one resource: name the one that {rule} is about.")
    kept = (resource.get_metadata("checkov") or {}).get("skip", [])
    resource.add_metadata("checkov", {"skip": [*kept, {"id": rule, "comment": reason}]})
