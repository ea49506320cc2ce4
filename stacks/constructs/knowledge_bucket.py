"""The bucket that holds what the service knows."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledgement import acknowledge

_OLD_VERSIONS_DAYS = 30
_ABANDONED_UPLOADS_DAYS = 7


class KnowledgeBucket(Construct):
    """Private, encrypted with keys that S3 manages or with yours, reached over TLS only, and versioned.

    What the service overwrites or deletes can be had back for some weeks. The bucket has no name of its own, so that a
    kept one is in nobody's way. One that holds documents is never deleted: a deletion of the stack stops there.

    Args:
        scope: the parent.
        construct_id: the id below it.
        keep: whether the bucket stays when the stack is deleted.
        key: what encrypts it; None for keys that S3 manages.

    Attributes:
        bucket: the bucket.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keep: bool, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED if key is None else s3.BucketEncryption.KMS,
            encryption_key=key,
            # One request to the key for many objects.
            bucket_key_enabled=None if key is None else True,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="forget-old-versions",
                    noncurrent_version_expiration=Duration.days(_OLD_VERSIONS_DAYS),
                    expired_object_delete_marker=True,
                ),
                s3.LifecycleRule(
                    id="forget-abandoned-uploads",
                    abort_incomplete_multipart_upload_after=Duration.days(_ABANDONED_UPLOADS_DAYS),
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "CKV_AWS_18",
            reason="One role reaches it, through one gateway endpoint, and the service logs who asked for what; access "
            "logs would be a second copy of that, in a second bucket.",
        )
