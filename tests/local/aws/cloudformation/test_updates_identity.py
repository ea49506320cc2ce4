import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.aws.cloudformation.updates import READ, TRUST, WRITE, Case, Clients, check, resource, tags, trust


def _status(call: Callable[..., Any], **arguments: str) -> str:
    try:
        call(**arguments)
    except Exception as error:
        if "NoSuch" in str(error) or "NotFound" in str(error):
            return "gone"
        raise
    return "there"


CASES = {
    "role policies": Case(
        before=resource(
            "IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            Policies=[{"PolicyName": "a", "PolicyDocument": READ}],
            ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            Description="old",
        ),
        after=resource(
            "IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            Policies=[{"PolicyName": "b", "PolicyDocument": WRITE}],
            ManagedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"],
            Description="new",
        ),
        seen=lambda c, i: (
            c("iam").list_role_policies(RoleName=i["It"])["PolicyNames"],
            [p["PolicyName"] for p in c("iam").list_attached_role_policies(RoleName=i["It"])["AttachedPolicies"]],
            c("iam").get_role(RoleName=i["It"])["Role"]["Description"],
        ),
        expected=((["a"], ["ReadOnlyAccess"], "old"), (["b"], ["PowerUserAccess"], "new")),
    ),
    "role trust and tags": Case(
        before=resource("IAM::Role", AssumeRolePolicyDocument=TRUST, Tags=tags(a="1", b="2")),
        after=resource("IAM::Role", AssumeRolePolicyDocument=trust("ecs"), Tags=tags(b="3")),
        seen=lambda c, i: (
            c("iam").get_role(RoleName=i["It"])["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"][
                "Service"
            ],
            c("iam").list_role_tags(RoleName=i["It"])["Tags"],
        ),
        expected=(("sagemaker.amazonaws.com", tags(a="1", b="2")), ("ecs.amazonaws.com", tags(b="3"))),
    ),
    "inline policy moves to another role": Case(
        beside={
            "One": resource("IAM::Role", AssumeRolePolicyDocument=TRUST),
            "Two": resource("IAM::Role", AssumeRolePolicyDocument=TRUST),
        },
        before=resource("IAM::Policy", PolicyName="p", PolicyDocument=READ, Roles=[{"Ref": "One"}]),
        after=resource("IAM::Policy", PolicyName="p", PolicyDocument=READ, Roles=[{"Ref": "Two"}]),
        seen=lambda c, i: [c("iam").list_role_policies(RoleName=i[role])["PolicyNames"] for role in ("One", "Two")],
        expected=([["p"], []], [[], ["p"]]),
    ),
    "managed policy": Case(
        before=resource("IAM::ManagedPolicy", PolicyDocument=READ),
        after=resource("IAM::ManagedPolicy", PolicyDocument=WRITE),
        seen=lambda c, i: c("iam").get_policy_version(
            PolicyArn=i["It"], VersionId=c("iam").get_policy(PolicyArn=i["It"])["Policy"]["DefaultVersionId"]
        )["PolicyVersion"]["Document"],
        expected=(READ, WRITE),
    ),
    "instance profile": Case(
        beside={
            "One": resource("IAM::Role", AssumeRolePolicyDocument=TRUST),
            "Two": resource("IAM::Role", AssumeRolePolicyDocument=TRUST),
        },
        before=resource("IAM::InstanceProfile", Roles=[{"Ref": "One"}]),
        after=resource("IAM::InstanceProfile", Roles=[{"Ref": "Two"}]),
        seen=lambda c, i: [
            r["RoleName"] == i[wanted]
            for wanted in ("One", "Two")
            for r in c("iam").get_instance_profile(InstanceProfileName=i["It"])["InstanceProfile"]["Roles"]
        ],
        expected=([True, False], [False, True]),
    ),
    "secret": Case(
        before=resource("SecretsManager::Secret", Description="old", SecretString="one"),
        after=resource("SecretsManager::Secret", Description="new", SecretString="two"),
        seen=lambda c, i: (
            c("secretsmanager").describe_secret(SecretId=i["It"])["Description"],
            c("secretsmanager").get_secret_value(SecretId=i["It"])["SecretString"],
        ),
        expected=(("old", "one"), ("new", "two")),
    ),
    "key": Case(
        before=resource("KMS::Key", KeyPolicy=READ, Description="old", EnableKeyRotation=True),
        after=resource("KMS::Key", KeyPolicy=WRITE, Description="new"),
        seen=lambda c, i: (
            c("kms").describe_key(KeyId=i["It"])["KeyMetadata"]["Description"],
            c("kms").get_key_rotation_status(KeyId=i["It"])["KeyRotationEnabled"],
            json.loads(c("kms").get_key_policy(KeyId=i["It"], PolicyName="default")["Policy"]),
        ),
        expected=(("old", True, READ), ("new", False, WRITE)),
    ),
    "alias": Case(
        beside={"One": resource("KMS::Key", KeyPolicy=READ), "Two": resource("KMS::Key", KeyPolicy=READ)},
        before=resource("KMS::Alias", AliasName="alias/updated", TargetKeyId={"Ref": "One"}),
        after=resource("KMS::Alias", AliasName="alias/updated", TargetKeyId={"Ref": "Two"}),
        seen=lambda c, i: [bool(c("kms").list_aliases(KeyId=i[key])["Aliases"]) for key in ("One", "Two")],
        expected=([True, False], [False, True]),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_second_deployment_changes_what_the_api_shows(client: Clients, case: Case) -> None:
    check(client, case)
