"""How many tasks the service has: by the answers that are being written at once."""

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

_TARGET_CPU_PERCENT = 60
_SCALE_OUT_COOLDOWN_S = 60
_SCALE_IN_COOLDOWN_S = 300


class ServiceScaling(Construct):
    """Target tracking on requests per task, and beside it on CPU; whichever asks for more tasks gets them.

    What fills a task is the number of answers in flight: each holds a place for as long as the model writes, and beyond
    `max_answers` the task refuses. A load balancer counts no requests in flight, it counts requests a minute
    (ALBRequestCountPerTarget). The one is the other times an answer's length, so the caller of this construct converts
    with the length of a typical answer. Unlike a gauge that the service would have to publish, this is there without a
    permission or a moving part of the service's own. When answers take longer than was said, tasks fill before they are
    added, and callers are told to come back: then say how long answers take.

    CPU is for what is not an answer: searches, and documents being embedded.

    Args:
        scope: the parent.
        construct_id: the id below it.
        service: what is scaled.
        target_group: where its requests are counted.
        min_tasks: the fewest tasks.
        max_tasks: the most tasks.
        requests_per_minute: requests per task and minute to aim at.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: ecs.FargateService,
        target_group: elb.ApplicationTargetGroup,
        min_tasks: int,
        max_tasks: int,
        requests_per_minute: int,
    ) -> None:
        super().__init__(scope, construct_id)
        tasks = service.auto_scale_task_count(min_capacity=min_tasks, max_capacity=max_tasks)
        tasks.scale_on_request_count(
            "Answers",
            target_group=target_group,
            requests_per_target=requests_per_minute,
            scale_in_cooldown=Duration.seconds(_SCALE_IN_COOLDOWN_S),
            scale_out_cooldown=Duration.seconds(_SCALE_OUT_COOLDOWN_S),
        )
        tasks.scale_on_cpu_utilization(
            "Cpu",
            target_utilization_percent=_TARGET_CPU_PERCENT,
            scale_in_cooldown=Duration.seconds(_SCALE_IN_COOLDOWN_S),
            scale_out_cooldown=Duration.seconds(_SCALE_OUT_COOLDOWN_S),
        )
