"""The stack that watches one deployment: dashboard, alarms, who is told, a budget, and how long logs are kept."""

from aws_cdk import Environment, Stack, Tags
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.beside_settings import slug_of
from stacks.constructs.adapter_alarms import AdapterAlarms
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
from stacks.constructs.watched_component import WatchedComponent, WatchedModel
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
        main = WatchedModel(
            name=settings.model.model_id,
            metrics=_metrics_of(settings, settings.component_name),
            engine_metrics=EngineMetrics(engine=settings.engine, namespace=f"{settings.name}/{settings.stage}"),
        )
        beside = {name: _describe_beside(settings, name) for name in settings.beside_components}
        adapters = [
            WatchedComponent(name=adapter.adapter_id, metrics=_metrics_of(settings, name))
            for name, adapter in settings.adapter_components.items()
        ]
        topic = AlarmTopic(self, "Announcements", email=monitoring.email).topic
        alarms = [
            *self._watch(settings, main, "Alarms", settings.min_copies, settings.max_copies, topic=topic),
            *(
                alarm
                for name, model in beside.items()
                for alarm in self._watch(
                    settings,
                    model,
                    f"Alarms-{slug_of(settings.beside_components[name])}",
                    settings.min_copies_beside,
                    settings.beside.max_copies,
                    topic=topic,
                )
            ),
            *(alarm for adapter in adapters for alarm in self._watch_adapter(settings, adapter, topic=topic)),
        ]
        EndpointDashboard(
            self,
            "Overview",
            name=settings.dashboard_name,
            models=[main, *beside.values()],
            adapters=adapters,
            alarms=alarms,
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
            metrics=main.engine_metrics,
        )
        filters.node.add_dependency(container_logs)
        for name, model in beside.items():
            filters = EngineLogFilters(
                self,
                f"Engine-{slug_of(settings.beside_components[name])}",
                log_group_name=log_group_of(name),
                metrics=model.engine_metrics,
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

    def _watch(
        self,
        settings: DeploymentSettings,
        model: WatchedModel,
        construct_id: str,
        min_copies: int,
        max_copies: int,
        *,
        topic: sns.Topic,
    ) -> list[cloudwatch.IAlarm]:
        return EndpointAlarms(
            self,
            construct_id,
            metrics=model.metrics,
            engine_metrics=model.engine_metrics,
            min_copies=min_copies,
            max_copies=max_copies,
            target_concurrency=settings.target_concurrency,
            startup_timeout_s=settings.startup_timeout_s,
            slow_answer_s=settings.monitoring.slow_answer_s,
            topic_arn=topic.topic_arn,
        ).alarms

    def _watch_adapter(
        self, settings: DeploymentSettings, adapter: WatchedComponent, *, topic: sns.Topic
    ) -> list[cloudwatch.IAlarm]:
        return AdapterAlarms(
            self,
            f"Alarms-adapter-{adapter.name}",
            adapter_id=adapter.name,
            base_name=settings.component_name,
            metrics=adapter.metrics,
            topic_arn=topic.topic_arn,
        ).alarms


def _metrics_of(settings: DeploymentSettings, component_name: str) -> EndpointMetrics:
    return EndpointMetrics(
        endpoint_name=settings.endpoint_name, variant_name=VARIANT_NAME, component_name=component_name
    )


def _describe_beside(settings: DeploymentSettings, component_name: str) -> WatchedModel:
    model = settings.beside_components[component_name]
    # A namespace of its own: a metric filter has no dimension.
    namespace = f"{settings.name}/{settings.stage}/{slug_of(model)}"
    return WatchedModel(
        name=model.model_id,
        metrics=_metrics_of(settings, component_name),
        engine_metrics=EngineMetrics(engine=settings.engine, namespace=namespace),
    )
