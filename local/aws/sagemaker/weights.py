"""Whether the weights that a model names are in S3: AWS refuses a model whose data it does not find.

The words are SageMaker's: https://github.com/aws-ia/ecs-blueprints/issues/223 (a prefix) and
https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/61 (an archive).
"""

from collections.abc import Mapping
from typing import Any

from moto.s3.models import s3_backends

from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place


def check_weights(place: Place, container: Mapping[str, Any]) -> None:
    """Check that a container's model data is there, as an object or as a prefix of objects.

    Raises:
        ValidationException: it is not, in AWS's words.
    """
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri = container.get("ModelDataUrl") or source.get("S3Uri")
    if uri and not _is_there(place, uri, is_prefix=source.get("S3DataType") == "S3Prefix"):
        raise ValidationException(f"Could not find model data at {uri}.")


def _is_there(place: Place, uri: str, *, is_prefix: bool) -> bool:
    name, _, key = uri.removeprefix("s3://").partition("/")
    bucket = s3_backends[place.account_id][place.partition].buckets.get(name)
    if bucket is None:
        return False
    return any(found.startswith(key) if is_prefix else found == key for found in bucket.keys)
