"""The stack that watches one deployment: dashboard, alarms, who is told, a budget, and how long logs are kept."""

from aws_cdk import Environment, Stack, Tags
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.beside_settings import slug_of
from stacks.constructs.alarm_topic import AlarmTopic
from stacks.constructs.container_logs import ContainerLogs, log_group_of
from stacks.constructs.endpoint_alarms import EndpointAlarms
from stacks.constructs.endpoint_dashboard import EndpointDashboard
from stacks.constructs.endpoint_metrics import EndpointMetrics
from stacks.constructs.engine_log_filters import EngineLogFilters
from stacks.constructs.engine_metrics import EngineMetrics
from stacks.constructs.llm_endpoint import VARIANT_NAME
from stacks.constructs.monthly_budget import MonthlyBudget
from stacks.constructs.published_values import PublishedValues
from stacks.settings import DeploymentSettings


class MonitoringStack(Stack):
    """Wires the constructs together.

    It knows the endpoint by its name only. An alarm needs nothing to be there, and a value that one stack imported
    could not change in the other: an endpoint could not be replaced while it was watched.

    Args:
        scope: the app.
        settings: what is watched.
    """

    def __init__(self, scope: Construct, *, settings: DeploymentSettings) -> None:
        super().__init__(
            scope,
            settings.monitoring_stack_name,
            env=Environment(region=settings.region),
            description=f"Watches {settings.model.model_id} on SageMaker, stage {settings.stage}",
            termination_protection=settings.termination_protection,
        )
        monitoring = settings.monitoring
        metrics = EndpointMetrics(
            endpoint_name=settings.endpoint_name, variant_name=VARIANT_NAME, component_name=settings.component_name
        )
        engine_metrics = EngineMetrics(engine=settings.engine, namespace=f"{settings.name}/{settings.stage}")
        topic = AlarmTopic(self, "Announcements", email=monitoring.email).topic
        alarms = EndpointAlarms(
            self,
            "Alarms",
            metrics=metrics,
            engine_metrics=engine_metrics,
            min_copies=settings.min_copies,
            max_copies=settings.max_copies,
            target_concurrency=settings.target_concurrency,
            startup_timeout_s=settings.startup_timeout_s,
            slow_answer_s=monitoring.slow_answer_s,
            topic_arn=topic.topic_arn,
        ).alarms
        beside = {name: self._watch_beside(settings, name, topic=topic) for name in settings.beside_components}
        EndpointDashboard(
            self,
            "Overview",
            name=settings.dashboard_name,
            metrics=metrics,
            engine_metrics=engine_metrics,
            alarms=[*alarms, *(alarm for watched in beside.values() for alarm in watched.alarms)],
            target_concurrency=settings.target_concurrency,
            # Of several types it depends on which could be had.
            usd_per_hour=None if settings.instance_fallback else settings.instance_type.usd_per_hour,
        )
        container_logs = ContainerLogs(
            self,
            "Logs",
            endpoint_name=settings.endpoint_name,
            component_name=settings.component_name,
            beside={slug_of(model): name for name, model in settings.beside_components.items()},
            retention_days=monitoring.log_retention_days,
        )
        filters = EngineLogFilters(
            self,
            "Engine",
            log_group_name=container_logs.component_log_group_name,
            metrics=engine_metrics,
        )
        filters.node.add_dependency(container_logs)
        for name in beside:
            filters = EngineLogFilters(
                self,
                f"Engine-{slug_of(settings.beside_components[name])}",
                log_group_name=log_group_of(name),
                metrics=_engine_metrics_beside(settings, name),
            )
            filters.node.add_dependency(container_logs)
        if monitoring.budget_usd is not None:
            MonthlyBudget(self, "Budget", limit_usd=monitoring.budget_usd, topic_arn=topic.topic_arn)
        PublishedValues(
            self,
            "Published",
            path=settings.published_path,
            values={"AlarmTopicArn": topic.topic_arn, "DashboardName": settings.dashboard_name},
        )
        Tags.of(self).add("project", settings.name)
        Tags.of(self).add("stage", settings.stage)

    def _watch_beside(self, settings: DeploymentSettings, name: str, *, topic: sns.Topic) -> EndpointAlarms:
        """Watch the component of a further model as the main one is; the dashboard's graphs are the main one's."""
        return EndpointAlarms(
            self,
            f"Alarms-{slug_of(settings.beside_components[name])}",
            metrics=EndpointMetrics(
                endpoint_name=settings.endpoint_name, variant_name=VARIANT_NAME, component_name=name
            ),
            engine_metrics=_engine_metrics_beside(settings, name),
            min_copies=settings.min_copies_beside,
            max_copies=settings.beside.max_copies,
            target_concurrency=settings.target_concurrency,
            startup_timeout_s=settings.startup_timeout_s,
            slow_answer_s=settings.monitoring.slow_answer_s,
            topic_arn=topic.topic_arn,
        )


def _engine_metrics_beside(settings: DeploymentSettings, name: str) -> EngineMetrics:
    slug = slug_of(settings.beside_components[name])
    return EngineMetrics(engine=settings.engine, namespace=f"{settings.name}/{settings.stage}/{slug}")
