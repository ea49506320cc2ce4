import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from model.images import list_regions
from stacks.context import read_settings
from stacks.errors import NotAllowedError
from stacks.regions import COMPONENT_REGIONS


def is_known(resource_type, region):
    try:
        PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type)
    except ResourceNotFoundError:
        return False
    return True


@pytest.mark.parametrize("region", sorted({*list_regions(engine="tgi"), *COMPONENT_REGIONS} & set(REGIONS)))
def test_a_region_is_listed_exactly_if_cloudformation_makes_endpoints_and_components_there(region):
    kinds = ("AWS::SageMaker::Endpoint", "AWS::SageMaker::InferenceComponent")
    assert (region in COMPONENT_REGIONS) == all(is_known(kind, region) for kind in kinds)


@pytest.mark.parametrize("region", ["mars-1", "eu-west-3"])
def test_a_region_without_the_image_or_without_components_is_refused_with_those_that_have_both(region):
    with pytest.raises(NotAllowedError) as caught:
        read_settings({"region": region}, {})
    assert "eu-west-1, eu-west-2, " in caught.value.allowed
    assert "eu-west-3" not in caught.value.allowed


@pytest.mark.parametrize("region", COMPONENT_REGIONS)
def test_every_listed_region_can_be_deployed_to(region):
    assert read_settings({"region": region}, {}).image.region == region
