import boto3
import pytest

from model.publish.destination import parse_destination
from model.publish.folder import list_model
from model.publish.publication import Publisher

REGION = "us-east-1"


@pytest.fixture
def s3(local_aws):
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106 - nothing checks it
    return session.client("s3", endpoint_url=local_aws.endpoint_url)


@pytest.fixture
def bucket(s3, request):
    """A bucket of the test's own."""
    name = f"weights-{abs(hash(request.node.nodeid))}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def folder(tmp_path):
    """Write a model's files into a folder."""

    def write(files, name="folder"):
        made = tmp_path / name
        made.mkdir(exist_ok=True)
        for file, content in files.items():
            (made / file).write_bytes(content)
        return made

    return write


@pytest.fixture
def publisher(s3, bucket):
    """A publisher to the bucket, and the moments that it reported."""

    def make(prefix="models/", *, exact=False, kms_key=None):
        to = parse_destination(f"s3://{bucket}/{prefix}")
        return Publisher(s3, to=to, exact=exact, kms_key=kms_key, report=make.reported.append)

    make.reported = []
    return make


@pytest.fixture
def publish(publisher):
    return lambda folder, **settings: publisher(**settings).publish_files(list_model(folder), "me/mine")
