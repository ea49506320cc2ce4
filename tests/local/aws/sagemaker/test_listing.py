from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import Deployed, Rig


def names(deployed: Deployed, **params: Any) -> list[str]:
    return [model["ModelName"] for model in deployed.sm.list_models(**params)["Models"]]


@pytest.fixture
def models(deployed: Deployed) -> Deployed:
    for number in range(12):
        deployed.model(f"model-{number:02}")
    return deployed


def test_the_newest_come_first_ten_at_a_time(models: Deployed) -> None:
    first = models.sm.list_models()
    assert [model["ModelName"] for model in first["Models"]] == [f"model-{number:02}" for number in range(11, 1, -1)]
    assert names(models, NextToken=first["NextToken"]) == ["model-01", "model-00"]


def test_pages_join_without_a_gap_while_things_are_deleted(models: Deployed) -> None:
    seen: list[str] = []
    for page in models.sm.get_paginator("list_models").paginate(SortBy="Name", SortOrder="Ascending", MaxResults=5):
        seen += [model["ModelName"] for model in page["Models"]]
        models.sm.delete_model(ModelName=seen[0])
        seen_first = seen.pop(0)
        assert seen_first < seen[0]
    assert seen == [f"model-{number:02}" for number in range(3, 12)]


def test_filters(models: Deployed) -> None:
    assert names(models, NameContains="L-0", SortBy="Name", SortOrder="Ascending", MaxResults=3) == [
        "model-00",
        "model-01",
        "model-02",
    ]
    now = datetime.now(UTC)
    assert names(models, CreationTimeAfter=now + timedelta(minutes=1)) == []
    assert len(names(models, CreationTimeBefore=now + timedelta(minutes=1), MaxResults=100)) == 12


def test_endpoints_are_listed_by_status(rig: Rig, deployed: Deployed) -> None:
    rig.renew(endpoint_change_s=0.8)
    deployed.endpoint("serving")
    deployed.sm.create_endpoint(EndpointName="new", EndpointConfigName="serving")

    def listed(status: str) -> list[str]:
        return [found["EndpointName"] for found in deployed.sm.list_endpoints(StatusEquals=status)["Endpoints"]]

    assert listed("InService") == ["serving"]
    assert listed("Creating") == ["new"]
    deployed.sm.get_waiter("endpoint_in_service").wait(EndpointName="new", WaiterConfig={"Delay": 0.02})
    found = deployed.sm.list_endpoints(SortBy="Status")["Endpoints"]
    assert {endpoint["EndpointName"] for endpoint in found} == {"serving", "new"}


@pytest.mark.parametrize("token", ["nonsense", "WzFd", ""])
def test_a_token_that_no_listing_gave_is_refused(models: Deployed, token: str) -> None:
    if token:
        with pytest.raises(ClientError, match="Invalid NextToken"):
            models.sm.list_models(NextToken=token)


def test_a_page_size_out_of_range_is_refused(models: Deployed) -> None:
    with pytest.raises(
        ClientError, match="Value '101' at 'maxResults' failed to satisfy constraint: Member must have value"
    ):
        models.sm.list_models(MaxResults=101)
