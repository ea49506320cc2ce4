import json

import pytest
from botocore.exceptions import ClientError

REGION = "eu-west-2"
INSTANCE = "ml.p4de.24xlarge"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}


def find(quotas, name):
    pages = quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 7}
    )
    (found,) = [quota for page in pages for quota in page["Quotas"] if quota["QuotaName"] == name]
    return found


@pytest.fixture
def config(client):
    """An endpoint configuration of two instances that a new account may not run."""
    role = client("iam").create_role(RoleName="quotas", AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))
    variant = {"VariantName": "AllTraffic", "InstanceType": INSTANCE, "InitialInstanceCount": 2}
    client("sagemaker", region=REGION).create_endpoint_config(
        EndpointConfigName="quotas", ProductionVariants=[variant], ExecutionRoleArn=role["Role"]["Arn"]
    )
    return "quotas"


def test_an_endpoint_beyond_the_quota_is_refused_in_awss_words_until_more_is_granted(client, config):
    sagemaker, quotas = client("sagemaker", region=REGION), client("service-quotas", region=REGION)
    quota = find(quotas, f"{INSTANCE} for endpoint usage")
    assert quota["Value"] == 0
    with pytest.raises(ClientError, match="ResourceLimitExceeded") as refused:
        sagemaker.create_endpoint(EndpointName="first", EndpointConfigName=config)
    assert refused.value.response["Error"]["Message"].startswith(
        f"The account-level service limit '{INSTANCE} for endpoint usage' is 0 Instances, with current utilization of "
        "0 Instances and a request delta of 2 Instances."
    )

    code = quota["QuotaCode"]
    asked = quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=code, DesiredValue=3)
    assert asked["RequestedQuota"]["Status"] == "APPROVED"
    assert quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]["Value"] == 3
    sagemaker.create_endpoint(EndpointName="first", EndpointConfigName=config)
    with pytest.raises(ClientError, match="utilization of 2 Instances and a request delta of 2 Instances"):
        sagemaker.create_endpoint(EndpointName="second", EndpointConfigName=config)


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("list_service_quotas", {"ServiceCode": "ec2"}, "NoSuchResourceException"),
        ("get_service_quota", {"ServiceCode": "sagemaker", "QuotaCode": "L-00000000"}, "NoSuchResourceException"),
        ("list_services", {}, "NotImplemented"),
    ],
)
def test_what_is_not_there_is_refused_by_name(client, operation, params, message):
    with pytest.raises(ClientError, match=message):
        getattr(client("service-quotas"), operation)(**params)


def test_the_usual_page_holds_all_and_the_largest_is_awss(client):
    quotas = client("service-quotas")
    usual = quotas.list_service_quotas(ServiceCode="sagemaker")
    assert "NextToken" not in usual
    assert quotas.list_service_quotas(ServiceCode="sagemaker", MaxResults=100)["Quotas"] == usual["Quotas"]
    with pytest.raises(ClientError, match="100"):
        quotas.list_service_quotas(ServiceCode="sagemaker", MaxResults=101)


def test_a_quota_can_only_grow(client):
    quotas = client("service-quotas")
    code = find(quotas, "ml.g5.xlarge for endpoint usage")["QuotaCode"]
    with pytest.raises(ClientError, match="must be more than the quota's value, which is 20"):
        quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=code, DesiredValue=20)
