import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import IMAGE, ROLE


@pytest.fixture(scope="module")
def bucket(running):
    running.client("s3").create_bucket(Bucket="weights-of-twins")
    running.client("s3").put_object(Bucket="weights-of-twins", Key="twin/model.safetensors", Body=b"weights")
    return "s3://weights-of-twins"


def prefix(uri):
    return {"ModelDataSource": {"S3DataSource": {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}}}


def create(rig, name, weights):
    rig.client("sagemaker").create_model(
        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, **weights}
    )


def test_a_model_whose_weights_are_in_place_is_made(rig, bucket):
    create(rig, "of-a-prefix", prefix(f"{bucket}/twin/"))
    create(rig, "of-an-object", {"ModelDataUrl": f"{bucket}/twin/model.safetensors"})


@pytest.mark.parametrize(
    "weights",
    [
        prefix("s3://weights-of-twins/other/"),
        prefix("s3://no-such-bucket/twin/"),
        {"ModelDataUrl": "s3://weights-of-twins/twin/model"},
    ],
)
def test_a_model_whose_weights_are_missing_is_refused_in_awss_words(rig, bucket, weights):
    with pytest.raises(ClientError, match=r"Could not find model data at s3://\S+") as refused:
        create(rig, "without-weights", weights)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
