import pytest

from local.aws.api import AwsApi
from local.aws.cloudformation.schema import SchemaCatalogue, published_schemas
from local.aws.dispatch import make_dispatcher
from tests.local.aws.cloudformation.lab import Lab


@pytest.fixture(scope="session")
def schemas() -> SchemaCatalogue:
    return published_schemas()


@pytest.fixture(scope="session")
def aws() -> AwsApi:
    return AwsApi(application=make_dispatcher({}))


@pytest.fixture
def lab(aws: AwsApi, schemas: SchemaCatalogue) -> Lab:
    return Lab(aws=aws, schemas=schemas)
