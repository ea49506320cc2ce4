"""What is billed for what stands beside the instances: by the hour or the month it is there, whether or not it is used.

On-demand list prices in us-east-1, in US dollars, as AWS's price pages had them in copies that others published (AWS's
own pages were not read); each names the page that has the last word. A free tier is an account's and is not subtracted.
What is billed by use (requests, data, log lines, storage, load balancer capacity units) is not here: nobody knows it
before it happens. The instances' own prices are in hardware.py.
"""

from dataclasses import dataclass

# AWS's own month: 365 days a year in 12 parts.
HOURS_PER_MONTH = 730

STANDING_PRICES_READ = "2026-06"


@dataclass(frozen=True, kw_only=True)
class StandingPrice:
    """One price.

    Attributes:
        usd_per_hour: US dollars an hour; of what is billed by the month, its share of an hour.
        unit: of what.
        page: AWS's page that has the last word.
    """

    usd_per_hour: float
    unit: str
    page: str


def _by_month(usd: float, *, unit: str, page: str) -> StandingPrice:
    return StandingPrice(usd_per_hour=usd / HOURS_PER_MONTH, unit=unit, page=page)


_FARGATE = "https://aws.amazon.com/fargate/pricing/"
_VPC = "https://aws.amazon.com/vpc/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"

FARGATE_VCPU = StandingPrice(usd_per_hour=0.04048, unit="vCPU of a Linux task on x86", page=_FARGATE)
FARGATE_GB = StandingPrice(usd_per_hour=0.004445, unit="GB of a Linux task on x86", page=_FARGATE)
FARGATE_ARM_VCPU = StandingPrice(usd_per_hour=0.03238, unit="vCPU of a Linux task on ARM", page=_FARGATE)
FARGATE_ARM_GB = StandingPrice(usd_per_hour=0.00356, unit="GB of a Linux task on ARM", page=_FARGATE)
LOAD_BALANCER = StandingPrice(
    usd_per_hour=0.0225,
    unit="application or network load balancer, without its capacity units",
    page="https://aws.amazon.com/elasticloadbalancing/pricing/",
)
PUBLIC_ADDRESS = StandingPrice(usd_per_hour=0.005, unit="public IPv4 address", page=_VPC)
NAT_GATEWAY = StandingPrice(usd_per_hour=0.045, unit="NAT gateway, without the data it passes on", page=_VPC)
INTERFACE_ENDPOINT = StandingPrice(
    usd_per_hour=0.01,
    unit="VPC interface endpoint and zone, without the data it passes on",
    page="https://aws.amazon.com/privatelink/pricing/",
)
ENCRYPTION_KEY = _by_month(1.0, unit="KMS key", page="https://aws.amazon.com/kms/pricing/")
SECRET = _by_month(0.4, unit="secret", page="https://aws.amazon.com/secrets-manager/pricing/")
DASHBOARD = _by_month(3.0, unit="dashboard", page=_CLOUDWATCH)
ALARM_METRIC = _by_month(0.1, unit="metric of an alarm with a period of a minute or more", page=_CLOUDWATCH)
FAST_ALARM_METRIC = _by_month(0.3, unit="metric of an alarm with a shorter period", page=_CLOUDWATCH)
