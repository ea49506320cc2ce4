"""The operations on scheduled actions."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.autoscaling.dimension import TargetKey, read_key
from local.aws.autoscaling.registry import Registries
from local.aws.autoscaling.scheduled_action import ScheduledAction
from local.aws.autoscaling.selection import of_targets
from local.aws.wire.errors import ObjectNotFoundException
from local.aws.wire.paging import page
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params

_DEFINITION = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


class ScheduledActions:
    """Puts, describes and deletes scheduled actions.

    Args:
        registries: what there is, by place.
    """

    def __init__(self, *, registries: Registries) -> None:
        self._registries = registries

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "PutScheduledAction": self.put,
            "DescribeScheduledActions": self.describe,
            "DeleteScheduledAction": self.delete,
        }

    def put(self, place: Place, params: Params) -> None:
        """PutScheduledAction: a new action, or changes to one that is there."""
        key, name = read_key(params), params["ScheduledActionName"]
        registry = self._registries(place)
        with registry.lock:
            registry.target(key)
            there = registry.scheduled_actions.get((key, name))
            given = {part: params[part] for part in _DEFINITION if part in params}
            registry.scheduled_actions[key, name] = ScheduledAction(
                key=key,
                name=name,
                arn=there.arn if there is not None else _new_arn(place, key, name),
                definition={**(there.definition if there is not None else {}), **given},
                created_at=there.created_at if there is not None else datetime.now(UTC),
            )

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeScheduledActions."""
        registry, names = self._registries(place), params.get("ScheduledActionNames")
        with registry.lock:
            found = of_targets(registry.scheduled_actions.values(), params)
            actions, token = page([action for action in found if names is None or action.name in names], params)
        return {"ScheduledActions": [action.describe() for action in actions], "NextToken": token}

    def delete(self, place: Place, params: Params) -> None:
        """DeleteScheduledAction."""
        key, name = read_key(params), params["ScheduledActionName"]
        registry = self._registries(place)
        with registry.lock:
            if registry.scheduled_actions.pop((key, name), None) is None:
                raise ObjectNotFoundException(f"No scheduled action found for {key}, scheduled action name: {name}")


def _new_arn(place: Place, key: TargetKey, name: str) -> str:
    scope = f"arn:{place.partition}:autoscaling:{place.region}:{place.account_id}:scheduledAction"
    return f"{scope}:{uuid.uuid4()}:resource/{key.namespace}/{key.resource_id}:scheduledActionName/{name}"
