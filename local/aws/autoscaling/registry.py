"""What is registered in one place: targets, their policies and scheduled actions, and what scaling has done.

A scaler reads targets and policies here and records its activities; the operations (targets.py, policies.py,
scheduled_actions.py) write, and registering a target records what its bounds did (bounds.py). Nothing here scales.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.autoscaling.dimension import TargetKey
from local.aws.autoscaling.scalable_target import ScalableTarget
from local.aws.autoscaling.scaling_policy import ScalingPolicy
from local.aws.autoscaling.scheduled_action import ScheduledAction
from local.aws.wire.errors import ObjectNotFoundException
from local.aws.wire.place import Place

# AWS shows activities of the last six weeks; a local AWS keeps this many.
_MAX_ACTIVITIES = 1_000


@dataclass(kw_only=True)
class Registry:
    """The scaling of one account and region.

    Attributes:
        place: where.
        lock: held around every use of the rest.
        targets: by key.
        policies: by target and name.
        scheduled_actions: by target and name.
        activities: descriptions of scaling activities, newest first.
        tags: of targets, by ARN.
    """

    place: Place
    lock: threading.RLock = field(default_factory=threading.RLock)
    targets: dict[TargetKey, ScalableTarget] = field(default_factory=dict)
    policies: dict[tuple[TargetKey, str], ScalingPolicy] = field(default_factory=dict)
    scheduled_actions: dict[tuple[TargetKey, str], ScheduledAction] = field(default_factory=dict)
    activities: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_MAX_ACTIVITIES))
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def target(self, key: TargetKey) -> ScalableTarget:
        """Return a target.

        Raises:
            ObjectNotFoundException: it is not registered.
        """
        if key not in self.targets:
            raise ObjectNotFoundException(f"No scalable target registered for {key}")
        return self.targets[key]

    def policies_of(self, key: TargetKey) -> list[ScalingPolicy]:
        """The policies of a target."""
        return [policy for (of, _), policy in self.policies.items() if of == key]


Registries = Callable[[Place], Registry]
