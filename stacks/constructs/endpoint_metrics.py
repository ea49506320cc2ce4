"""What CloudWatch knows of an endpoint and its component, by AWS's names.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html lists the metrics, their units, their
dimensions and the statistics that mean something; those that are only published with enhanced metrics are left out.
The one that counts requests without a copy is in
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html

There is no metric of SageMaker's for the time to the first token, nor for the tokens: the client measures those.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

# Latencies are in microseconds.
US_PER_S = 1_000_000
_REQUESTS = "AWS/SageMaker"
_COPIES = "/aws/sagemaker/InferenceComponents"
_INSTANCES = "/aws/sagemaker/Endpoints"
_PERIOD = Duration.minutes(5)
# Each copy and each instance reports once in it, so the number of reports is the number of those that run.
_REPORT = Duration.minutes(1)


class EndpointMetrics:
    """The metrics of one component and of the endpoint that it runs on.

    Args:
        endpoint_name: the endpoint.
        variant_name: its variant.
        component_name: the component.
    """

    def __init__(self, *, endpoint_name: str, variant_name: str, component_name: str) -> None:
        self._variant = {"EndpointName": endpoint_name, "VariantName": variant_name}
        self._component = {"InferenceComponentName": component_name}

    def requests(self, name: str, *, statistic: str, label: str | None = None) -> cloudwatch.Metric:
        """Of the requests to the component, as `Invocations`."""
        return self._metric(_REQUESTS, name, self._component, statistic=statistic, label=label)

    def copies(self, name: str, *, statistic: str, label: str | None = None) -> cloudwatch.Metric:
        """Of what its copies use of what they reserved, in percent, as `GPUUtilizationNormalized`."""
        return self._metric(_COPIES, name, self._component, statistic=statistic, label=label)

    def running_copies(self, *, label: str | None = None) -> cloudwatch.Metric:
        """How many copies run."""
        return self._metric(
            _COPIES,
            "MemoryUtilizationNormalized",
            self._component,
            statistic="SampleCount",
            label=label,
            period=_REPORT,
        )

    def running_instances(self) -> cloudwatch.Metric:
        """How many instances run."""
        return self._metric(
            _INSTANCES,
            "MemoryUtilization",
            self._variant,
            statistic="SampleCount",
            label="instances",
            period=_REPORT,
        )

    @staticmethod
    def _metric(
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        *,
        statistic: str,
        label: str | None,
        period: Duration = _PERIOD,
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map=dimensions,
            statistic=statistic,
            label=label,
            period=period,
        )
