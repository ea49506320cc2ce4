import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.aws.cloudformation.updates import READ, WRITE, Case, Clients, check, resource, tags

EXPIRY = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 9},
    "action": {"type": "expire"},
}


def _status(call: Callable[..., Any], **arguments: str) -> str:
    try:
        call(**arguments)
    except Exception as error:
        if "NoSuch" in str(error) or "NotFound" in str(error):
            return "gone"
        raise
    return "there"


CASES = {
    "parameter": Case(
        before=resource("SSM::Parameter", Type="String", Value="old", Tags={"a": "1"}),
        after=resource("SSM::Parameter", Type="String", Value="new", Tags={"b": "2"}),
        seen=lambda c, i: (
            c("ssm").get_parameter(Name=i["It"])["Parameter"]["Value"],
            c("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=i["It"])["TagList"],
        ),
        expected=(("old", tags(a="1")), ("new", tags(b="2"))),
    ),
    "log group": Case(
        before=resource("Logs::LogGroup", RetentionInDays=7),
        after=resource("Logs::LogGroup"),
        seen=lambda c, i: (
            c("logs").describe_log_groups(logGroupNamePrefix=i["It"])["logGroups"][0].get("retentionInDays")
        ),
        expected=(7, None),
    ),
    "bucket settings are taken back": Case(
        before=resource(
            "S3::Bucket",
            Tags=tags(a="1"),
            PublicAccessBlockConfiguration={"BlockPublicAcls": True},
            LifecycleConfiguration={"Rules": [{"Id": "r", "Status": "Enabled", "ExpirationInDays": 3}]},
        ),
        after=resource(
            "S3::Bucket",
            VersioningConfiguration={"Status": "Enabled"},
            CorsConfiguration={"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 5}]},
        ),
        seen=lambda c, i: (
            _status(c("s3").get_bucket_tagging, Bucket=i["It"]),
            _status(c("s3").get_public_access_block, Bucket=i["It"]),
            _status(c("s3").get_bucket_lifecycle_configuration, Bucket=i["It"]),
            _status(c("s3").get_bucket_cors, Bucket=i["It"]),
            c("s3").get_bucket_versioning(Bucket=i["It"]).get("Status"),
        ),
        expected=(("there", "there", "there", "gone", None), ("gone", "gone", "gone", "there", "Enabled")),
    ),
    "bucket policy": Case(
        beside={"Bucket": resource("S3::Bucket")},
        before=resource("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=READ),
        after=resource("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=WRITE),
        seen=lambda c, i: json.loads(c("s3").get_bucket_policy(Bucket=i["Bucket"])["Policy"]),
        expected=(READ, WRITE),
    ),
    "repository": Case(
        before=resource(
            "ECR::Repository",
            ImageTagMutability="IMMUTABLE",
            LifecyclePolicy={"LifecyclePolicyText": json.dumps({"rules": [EXPIRY]})},
        ),
        after=resource(
            "ECR::Repository", ImageTagMutability="MUTABLE", ImageScanningConfiguration={"ScanOnPush": True}
        ),
        seen=lambda c, i: (
            [
                (r["imageTagMutability"], r["imageScanningConfiguration"]["scanOnPush"])
                for r in c("ecr").describe_repositories(repositoryNames=[i["It"]])["repositories"]
            ]
            + [_status(c("ecr").get_lifecycle_policy, repositoryName=i["It"])]
        ),
        expected=([("IMMUTABLE", False), "there"], [("MUTABLE", True), "gone"]),
    ),
    "queue, by moto's own model": Case(
        before=resource("SQS::Queue", VisibilityTimeout=10),
        after=resource("SQS::Queue", VisibilityTimeout=20),
        seen=lambda c, i: c("sqs").get_queue_attributes(QueueUrl=i["It"], AttributeNames=["VisibilityTimeout"])[
            "Attributes"
        ]["VisibilityTimeout"],
        expected=("10", "20"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_second_deployment_changes_what_the_api_shows(client: Clients, case: Case) -> None:
    check(client, case)
