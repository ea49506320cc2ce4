"""The CloudFormation resource types of Application Auto Scaling."""

from collections.abc import Mapping
from typing import Any

from local.aws.autoscaling.service import AutoScalingService
from local.aws.cloudformation.provider import (
    ProvisionedResource,
    ProvisioningError,
    ResourceProvider,
    ResourceRequest,
)
from local.aws.wire.errors import AwsError, ObjectNotFoundException
from local.aws.wire.place import Place
from local.aws.wire.service import AwsService

_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
# The order of the parts in a target's Ref: resource|dimension|namespace.
_IN_REF = ("ResourceId", "ScalableDimension", "ServiceNamespace")


def providers(autoscaling: AutoScalingService) -> Mapping[str, ResourceProvider]:
    """The providers by resource type."""
    return {
        "AWS::ApplicationAutoScaling::ScalableTarget": TargetProvider(autoscaling.api),
        "AWS::ApplicationAutoScaling::ScalingPolicy": PolicyProvider(autoscaling.api),
    }


class TargetProvider:
    """Registers and deregisters scalable targets, with the scheduled actions that stand in them.

    Args:
        api: Application Auto Scaling's operations.
    """

    def __init__(self, api: AwsService) -> None:
        self._api = api

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Register the target."""
        self._put(request, actions_before=())
        id_ = "|".join(str(request.properties[name]) for name in _IN_REF)
        return ProvisionedResource(physical_id=id_, attributes={"Id": id_}, handle=_action_names(request))

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Change bounds, suspensions and scheduled actions."""
        before = current.handle if isinstance(current.handle, tuple) else ()
        self._put(request, actions_before=before)
        return ProvisionedResource(
            physical_id=current.physical_id, attributes=current.attributes, handle=_action_names(request)
        )

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Deregister the target."""
        _ = current
        _delete(self._api, "DeregisterScalableTarget", request, _key(request.properties))

    def _put(self, request: ResourceRequest, *, actions_before: tuple[str, ...]) -> None:
        given = {name: value for name, value in request.properties.items() if name not in {"ScheduledActions", "Tags"}}
        key = _key(request.properties)
        answer = _call(self._api, "RegisterScalableTarget", request, given)
        self._tag(request, str(answer["ScalableTargetARN"]))
        for action in request.properties.get("ScheduledActions", ()):
            _call(self._api, "PutScheduledAction", request, {**action, **key})
        for name in set(actions_before) - set(_action_names(request)):
            _delete(self._api, "DeleteScheduledAction", request, {**key, "ScheduledActionName": name})

    def _tag(self, request: ResourceRequest, arn: str) -> None:
        """Make the target's tags those of the template: a list there, a map in the API, which tags new targets only."""
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in request.properties.get("Tags", ())}
        before = _call(self._api, "ListTagsForResource", request, {"ResourceARN": arn})["Tags"]
        if gone := sorted(set(before) - set(tags)):
            _call(self._api, "UntagResource", request, {"ResourceARN": arn, "TagKeys": gone})
        if tags:
            _call(self._api, "TagResource", request, {"ResourceARN": arn, "Tags": tags})


class PolicyProvider:
    """Puts and deletes scaling policies.

    Args:
        api: Application Auto Scaling's operations.
    """

    def __init__(self, api: AwsService) -> None:
        self._api = api

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Put the policy."""
        answer = _call(self._api, "PutScalingPolicy", request, _policy(request))
        arn = answer["PolicyARN"]
        return ProvisionedResource(physical_id=arn, attributes={"Arn": arn})

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Put another configuration."""
        _call(self._api, "PutScalingPolicy", request, _policy(request))
        return current

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the policy."""
        _ = current
        policy = _policy(request)
        _delete(self._api, "DeleteScalingPolicy", request, {**_key(policy), "PolicyName": policy["PolicyName"]})


def _policy(request: ResourceRequest) -> dict[str, Any]:
    """The policy's parameters; its target is given by the target's Ref or by its three parts."""
    given = dict(request.properties)
    target = given.pop("ScalingTargetId", None)
    if target is not None:
        parts = str(target).split("|")
        if len(parts) != 3:
            raise ProvisioningError(f"ScalingTargetId must be resource|dimension|namespace, not '{target}'.")
        given |= dict(zip(_IN_REF, parts, strict=True))
    missing = [name for name in _KEY if name not in given]
    if missing:
        raise ProvisioningError(
            "Either ScalingTargetId or all three of [ResourceId, ScalableDimension, ServiceNamespace] must be specified"
        )
    return given


def _key(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: properties[name] for name in _KEY}


def _action_names(request: ResourceRequest) -> tuple[str, ...]:
    return tuple(str(action["ScheduledActionName"]) for action in request.properties.get("ScheduledActions", ()))


def _call(api: AwsService, operation: str, request: ResourceRequest, params: Mapping[str, Any]) -> Mapping[str, Any]:
    place = Place(account_id=request.account_id, region=request.region)
    try:
        return api.call_with_properties(operation, place, params)
    except AwsError as error:
        raise ProvisioningError(error.message) from error


def _delete(api: AwsService, operation: str, request: ResourceRequest, params: Mapping[str, Any]) -> None:
    place = Place(account_id=request.account_id, region=request.region)
    try:
        api.call_with_properties(operation, place, params)
    except ObjectNotFoundException:
        return  # it is gone already, as a policy after its target
    except AwsError as error:
        raise ProvisioningError(error.message) from error
