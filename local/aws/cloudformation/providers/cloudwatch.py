"""AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import (
    ApiProvider,
    already_exists,
    arn,
    as_tag_list,
    given,
    properties,
    tag_changes,
)


class AlarmProvider(ApiProvider):
    """Alarms on metrics: a put makes and changes one, and its properties are the call's arguments."""

    service = "cloudwatch"
    handled = properties(
        "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator DatapointsToAlarm Dimensions",
        "EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName",
        "Metrics Namespace OKActions Period Statistic Tags Threshold ThresholdMetricId TreatMissingData Unit",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Name the alarm; it is put when it is configured."""
        name = request.properties.get("AlarmName", request.generated_name)
        if client.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
            raise already_exists(request, name)
        return ProvisionedResource(physical_id=name, attributes={"Arn": arn(request, f"alarm:{name}")})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put the alarm and its tags."""
        arguments = {name: value for name, value in request.properties.items() if name not in ("AlarmName", "Tags")}
        client.put_metric_alarm(AlarmName=resource.physical_id, **arguments)
        added, removed = tag_changes(before.get("Tags"), request.properties.get("Tags"))
        if added:
            client.tag_resource(ResourceARN=resource.attributes["Arn"], Tags=as_tag_list(added))
        if removed:
            client.untag_resource(ResourceARN=resource.attributes["Arn"], TagKeys=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the alarm."""
        client.delete_alarms(AlarmNames=[resource.physical_id])


class DashboardProvider(ApiProvider):
    """Dashboards. Their tags are part of the call and are not kept: moto has none for them."""

    service = "cloudwatch"
    handled = properties("DashboardBody DashboardName Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Name the dashboard; it is put when it is configured."""
        name = request.properties.get("DashboardName", request.generated_name)
        if any(entry["DashboardName"] == name for entry in client.list_dashboards()["DashboardEntries"]):
            raise already_exists(request, name)
        return ProvisionedResource(physical_id=name)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put the dashboard."""
        client.put_dashboard(
            DashboardName=resource.physical_id,
            DashboardBody=request.properties["DashboardBody"],
            **given(request.properties, "Tags"),
        )
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the dashboard."""
        client.delete_dashboards(DashboardNames=[resource.physical_id])
