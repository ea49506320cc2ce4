"""Where the hashes of the callers' API keys are."""

import json

from aws_cdk import RemovalPolicy, SecretValue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.acknowledgement import acknowledge

# CloudFormation can generate a secret but not hash it, and a key that it generated would be readable where only hashes
# belong. So a new service has one key that nobody holds: it starts, and lets nobody in. Never change this text, or the
# next deploy writes it over the keys that have been put in its place.
NOBODY = json.dumps({"keys": [{"name": "nobody", "sha256": "0" * 64, "expires_at": "2000-01-01T00:00:00Z"}]})


class ApiKeys(Construct):
    """A secret with the document that the service reads its keys from, and reads again to notice a rotation.

    `python -m service.new_key NAME` makes a key and says what to store of it; `aws secretsmanager put-secret-value`
    stores the document.

    Args:
        scope: the parent.
        construct_id: the id below it.
        keep: whether the secret stays when the stack is deleted.
        key: what encrypts it; None for the key that Secrets Manager has in the account.

    Attributes:
        secret: the secret.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="SHA-256 hashes of the API keys of the service; make one with `python -m service.new_key NAME`",
            secret_string_value=SecretValue.unsafe_plain_text(NOBODY),
            encryption_key=key,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.secret,
            "AwsSolutions-SMG4",
            reason="It holds hashes of keys that callers have: no function could hand them new ones. Each key expires, "
            "and the service notices a changed document.",
        )
        if key is None:
            acknowledge(
                self.secret,
                "CKV_AWS_149",
                reason="It is encrypted by Secrets Manager's own key of this account, and holds hashes, which do not "
                "let anybody in.",
            )
