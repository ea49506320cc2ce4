"""Brings the tags of a SageMaker resource to those of a template."""

from collections.abc import Iterable, Mapping

from local.aws.wire.place import Place
from local.aws.wire.service import AwsService


def update_tags(api: AwsService, place: Place, arn: str, wanted: Iterable[Mapping[str, str]]) -> None:
    """Add, change and remove tags so that a resource has exactly those wanted."""
    new = {str(tag["Key"]): str(tag["Value"]) for tag in wanted}
    old = {tag["Key"]: tag["Value"] for tag in api.call("ListTags", place, {"ResourceArn": arn})["Tags"]}
    if removed := [key for key in old if key not in new]:
        api.call("DeleteTags", place, {"ResourceArn": arn, "TagKeys": removed})
    if changed := [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]:
        api.call("AddTags", place, {"ResourceArn": arn, "Tags": changed})
