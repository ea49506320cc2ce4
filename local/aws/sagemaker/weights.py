"""The weights that a model names in S3: AWS refuses a model whose data it does not find, and looks no closer.

Whether what is there is a whole model shows when a container loads it, so a container here is told what it would find.

The words are SageMaker's: https://github.com/aws-ia/ecs-blueprints/issues/223 (a prefix) and
https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/61 (an archive).
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.s3.models import s3_backends

from local.aws.containers.mounted import Mounted
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from model.weight_files import CONFIG, INDEX


def check_weights(place: Place, container: Mapping[str, Any]) -> None:
    """Check that a container's model data is there, as an object or as a prefix of objects.

    Raises:
        ValidationException: it is not, in AWS's words.
    """
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri = container.get("ModelDataUrl") or source.get("S3Uri")
    if uri and not _is_there(place, uri, is_prefix=source.get("S3DataType") == "S3Prefix"):
        raise ValidationException(f"Could not find model data at {uri}.")


def list_mounted(place: Place, container: Mapping[str, Any]) -> Mounted | None:
    """What a container finds where SageMaker puts uncompressed weights; None where the model names none."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    if source.get("S3DataType") != "S3Prefix":
        return None
    name, _, prefix = source["S3Uri"].removeprefix("s3://").partition("/")
    bucket = s3_backends[place.account_id][place.partition].buckets.get(name)
    keys = {} if bucket is None else {key.removeprefix(prefix): key for key in bucket.keys if key.startswith(prefix)}
    index = bucket.keys[keys[INDEX]].value if bucket is not None and INDEX in keys else b"{}"
    # Of each file one tensor: an index of a large model has thousands.
    tensors = {file: tensor for tensor, file in reversed(_read_weight_map(index).items())}
    files = tuple(sorted(name for name in keys if name == CONFIG or name.endswith(".safetensors")))
    return Mounted(files=files, tensors=tensors)


def _read_weight_map(index: bytes) -> dict[str, str]:
    try:
        return dict(json.loads(index).get("weight_map", {}))
    except (ValueError, AttributeError, TypeError):
        return {}


def _is_there(place: Place, uri: str, *, is_prefix: bool) -> bool:
    name, _, key = uri.removeprefix("s3://").partition("/")
    bucket = s3_backends[place.account_id][place.partition].buckets.get(name)
    if bucket is None:
        return False
    return any(found.startswith(key) if is_prefix else found == key for found in bucket.keys)
