import pytest

from local.aws.api import AwsApi
from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.lookups import AccountLookups

ACCOUNT = "444444444444"
BODY = '{"Resources": {}}'


@pytest.fixture(scope="module")
def lookups(aws: AwsApi) -> AccountLookups:
    s3 = aws.client("s3", account_id=ACCOUNT, region="us-east-1")
    s3.create_bucket(Bucket="lookups")
    s3.put_object(Bucket="lookups", Key="a folder/template.json", Body=BODY.encode())
    return AccountLookups(aws=aws, account_id=ACCOUNT, region="us-east-1")


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/lookups/a%20folder/template.json",
        "https://s3.us-east-1.amazonaws.com/lookups/a%20folder/template.json",
        "https://s3-us-west-2.amazonaws.com/lookups/a folder/template.json",
        "https://lookups.s3.amazonaws.com/a%20folder/template.json",
        "https://lookups.s3.eu-west-1.amazonaws.com/a%20folder/template.json?versionId=1",
        "https://lookups.s3.cn-north-1.amazonaws.com.cn/a%20folder/template.json",
        "http://localhost:4566/lookups/a%20folder/template.json",
        "http://127.0.0.1:4566/lookups/a%20folder/template.json",
        "http://lookups.localhost:4566/a%20folder/template.json",
        "http://lookups.s3.localhost:4566/a%20folder/template.json",
    ],
)
def test_a_template_is_found_by_every_form_of_its_url(lookups: AccountLookups, url: str) -> None:
    assert lookups.template_body(url) == BODY


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.org/template.json", "TemplateURL must be a supported URL"),
        ("https://s3.amazonaws.com/lookups", "TemplateURL must be a supported URL"),
        ("https://s3.amazonaws.com/lookups/none.json", "no such object: s3://lookups/none.json"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_by_name(lookups: AccountLookups, url: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        lookups.template_body(url)


def test_zones_are_those_of_the_region(lookups: AccountLookups) -> None:
    assert lookups.availability_zones("")[:2] == ["us-east-1a", "us-east-1b"]
    assert lookups.availability_zones("eu-west-1") == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_a_secret_or_parameter_that_is_not_there_is_refused_by_name(lookups: AccountLookups) -> None:
    with pytest.raises(ValidationError, match=r"Parameters: \[ssm:/none:2\] cannot be found"):
        lookups.parameter("/none", "2", secure=False)
    with pytest.raises(ValidationError, match="can't find the specified secret none"):
        lookups.secret("none", version_stage=None, version_id=None)
