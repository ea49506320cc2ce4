import json

import boto3
import pytest

from model.errors import DestinationError
from model.publish.bucket import check_bucket, make_bucket
from model.publish.destination import parse_destination
from tests.model.publish.conftest import REGION


def test_a_bucket_that_is_made_is_closed_tls_only_versioned_and_encrypted(s3, local_aws):
    assert make_bucket(s3, "made-for-weights", region=REGION, kms_key="alias/weights")
    check_bucket(s3, "made-for-weights", region=REGION)
    assert not make_bucket(s3, "made-for-weights", region=REGION, kms_key=None)
    closed = s3.get_public_access_block(Bucket="made-for-weights")["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket="made-for-weights")["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert s3.get_bucket_versioning(Bucket="made-for-weights")["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket="made-for-weights")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == "alias/weights"
    (forget,) = s3.get_bucket_lifecycle_configuration(Bucket="made-for-weights")["Rules"]
    assert forget["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_it_is_made_in_the_region_of_the_deployment(local_aws):
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-central-1")  # noqa: S106 - nothing checks it
    client = session.client("s3", endpoint_url=local_aws.endpoint_url)
    make_bucket(client, "made-in-europe", region="eu-central-1", kms_key=None)
    check_bucket(client, "made-in-europe", region="eu-central-1")
    with pytest.raises(DestinationError, match=r"is in eu-central-1, and the deployment in us-east-1.*its own region"):
        check_bucket(client, "made-in-europe", region="us-east-1")


def test_a_bucket_that_is_missing_says_how_to_have_it_made(s3):
    with pytest.raises(DestinationError, match=r"there is no bucket none-of-that-name.*--create-bucket"):
        check_bucket(s3, "none-of-that-name", region=REGION)


@pytest.mark.parametrize("way", ["acl", "policy"])
def test_a_bucket_that_is_open_to_the_public_is_refused_until_it_is_closed(s3, bucket, way):
    if way == "acl":
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    else:
        anybody = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}))
    with pytest.raises(DestinationError, match="is open to the public"):
        check_bucket(s3, bucket, region=REGION)
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    check_bucket(s3, bucket, region=REGION)


@pytest.mark.parametrize(
    ("uri", "bucket", "prefix"),
    [("s3://twins", "twins", ""), ("s3://twins/", "twins", ""), ("s3://twins/a/b", "twins", "a/b/")],
)
def test_a_place_may_have_a_prefix(uri, bucket, prefix):
    found = parse_destination(uri)
    assert (found.bucket, found.prefix) == (bucket, prefix)


@pytest.mark.parametrize("uri", ["twins/a", "s3://", "s3://Twins/", "s3://twins//a/", "s3://a/b c/"])
def test_what_is_no_place_in_s3_is_refused(uri):
    with pytest.raises(DestinationError, match="It must read 's3://BUCKET/PREFIX/'"):
        parse_destination(uri)
