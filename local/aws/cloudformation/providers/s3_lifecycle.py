"""Lifecycle rules of a bucket: the template's form to the API's."""

from collections.abc import Mapping, Sequence
from typing import Any

from local.aws.cloudformation.providers.api_provider import given


def lifecycle_rules(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules of a ``LifecycleConfiguration`` property as PutBucketLifecycleConfiguration takes them."""
    return [_rule(rule) for rule in rules]


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    expiration = given(
        rule, Days="ExpirationInDays", Date="ExpirationDate", ExpiredObjectDeleteMarker="ExpiredObjectDeleteMarker"
    )
    transitions = [
        given(transition, "StorageClass", Days="TransitionInDays", Date="TransitionDate")
        for transition in rule.get("Transitions", [])
    ]
    noncurrent = [
        given(transition, "StorageClass", "NewerNoncurrentVersions", NoncurrentDays="TransitionInDays")
        for transition in rule.get("NoncurrentVersionTransitions", [])
    ]
    made = {
        **given(rule, "Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", ID="Id"),
        "Filter": _filter(rule),
        "Expiration": expiration,
        "Transitions": transitions,
        "NoncurrentVersionTransitions": noncurrent,
    }
    return {key: value for key, value in made.items() if value or key == "Filter"}


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts = given(rule, "Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
    tags = list(rule.get("TagFilters", []))
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return parts or {"Prefix": ""}
