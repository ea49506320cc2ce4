"""The settings of the business microservice of one deployment: typed values, checked when they are made.

What the program inside the container can be told is its own matter (service/settings.py); here is what it runs on, who
reaches it, and the few of its limits that the infrastructure around it has to know.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stacks.errors import NotAllowedError
from stacks.log_retention import RETENTION_DAYS
from stacks.service_image import ServiceImage

PREFIX = "service_"

# CPU units to memory in MiB: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
_GIB = 1024
_MEMORY_MIB: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
        1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
        2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
        4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    }
)

# ELB: an idle timeout is at most 4000 s, a deregistration delay at most 3600 s.
_MAX_ANSWER_TIMEOUT_S = 3600
_LEAST_IDLE_TIMEOUT_S = 600
_IDLE_MARGIN_S = 60

_EVERYBODY = "0.0.0.0/0"

_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[0-9a-f-]{36}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """What the service of one deployment runs on and who reaches it.

    Attributes:
        image: what it runs; None for a deployment without the service.
        public: whether the load balancer faces the internet; if not, the network it stands in.
        certificate_arn: the ACM certificate of `domain`; None for plain HTTP, inside the network only.
        domain: the name that callers use; its record, pointing to the load balancer, is yours to make.
        callers: networks that may connect; none for the VPC itself or, of a public service, for everybody.
        vpc_cidr: the addresses of the network that is made; the first deploy fixes them.
        cpu_units: of one task, in 1/1024 of a vCPU.
        memory_mib: of one task.
        min_tasks: tasks that always run.
        max_tasks: tasks that scaling may start.
        max_answers: answers that one task works on at once; it refuses more.
        target_answers: answers at once per task that scaling aims at.
        typical_answer_s: how long an answer takes as a rule; scaling counts in it.
        answer_timeout_s: how long one answer may take at most.
        log_retention_days: how long logs are kept.
        keep_data: whether the documents, the keys and the logs stay when the stack is deleted.
    """

    image: ServiceImage | None = None
    public: bool = False
    certificate_arn: str | None = None
    domain: str | None = None
    callers: tuple[str, ...] = ()
    vpc_cidr: str = "10.42.0.0/16"
    cpu_units: int = 1024
    memory_mib: int = 2048
    min_tasks: int = 1
    max_tasks: int = 2
    max_answers: int = 16
    target_answers: int = 8
    typical_answer_s: int = 20
    answer_timeout_s: int = 300
    log_retention_days: int = 30
    keep_data: bool = False

    def __post_init__(self) -> None:
        if self.public and self.certificate_arn is None:
            self._refuse("public", "true", "false, or beside service_certificate_arn: API keys go over HTTPS only")
        if self.certificate_arn is not None and not _CERTIFICATE.fullmatch(self.certificate_arn):
            self._refuse("certificate_arn", self.certificate_arn, "arn:aws:acm:REGION:ACCOUNT:certificate/ID")
        if (self.certificate_arn is None) != (self.domain is None):
            self._refuse("domain", self.domain, "the name that service_certificate_arn certifies; both or neither")
        if self.domain is not None and not _DOMAIN.fullmatch(self.domain):
            self._refuse("domain", self.domain, "a host name as twin.example.com")
        for caller in self.callers:
            if _parse_network(caller) is None:
                self._refuse("callers", caller, "IPv4 networks as 10.0.0.0/8, joined by commas")
        vpc = _parse_network(self.vpc_cidr)
        if vpc is None or not vpc.is_private or not 16 <= vpc.prefixlen <= 22:
            self._refuse("vpc_cidr", self.vpc_cidr, "a private IPv4 network of /16 to /22")
        if self.cpu_units not in _MEMORY_MIB:
            self._refuse("cpu_units", self.cpu_units, ", ".join(map(str, _MEMORY_MIB)))
        memory_mib = _MEMORY_MIB[self.cpu_units]
        if self.memory_mib not in memory_mib:
            self._refuse(
                "memory_mib",
                self.memory_mib,
                f"{memory_mib[0]} to {memory_mib[-1]} in steps of {_GIB} for {self.cpu_units} CPU units",
            )
        self._check_range("max_tasks", 1, None)
        self._check_range("min_tasks", 1, self.max_tasks)
        self._check_range("max_answers", 1, None)
        self._check_range("target_answers", 1, self.max_answers)
        self._check_range("answer_timeout_s", 1, _MAX_ANSWER_TIMEOUT_S)
        self._check_range("typical_answer_s", 1, self.answer_timeout_s)
        if self.log_retention_days not in RETENTION_DAYS:
            self._refuse("log_retention_days", self.log_retention_days, ", ".join(map(str, RETENTION_DAYS)))

    @property
    def certificate_region(self) -> str | None:
        """The region of the certificate; None where there is none."""
        match = _CERTIFICATE.fullmatch(self.certificate_arn or "")
        return match["region"] if match else None

    @property
    def port(self) -> int:
        """Where the load balancer listens."""
        return 80 if self.certificate_arn is None else 443

    @property
    def allowed_callers(self) -> tuple[str, ...]:
        """The networks that may connect to the load balancer."""
        return self.callers or (_EVERYBODY if self.public else self.vpc_cidr,)

    @property
    def idle_timeout_s(self) -> int:
        """How long a connection may be silent: longer than the longest answer, which may come in one piece."""
        return max(_LEAST_IDLE_TIMEOUT_S, self.answer_timeout_s + _IDLE_MARGIN_S)

    @property
    def target_requests_per_minute(self) -> int:
        """What `target_answers` at once are in requests a minute.

        By Little's law: requests in flight = requests per second x seconds per request.
        """
        return max(1, round(self.target_answers * 60 / self.typical_answer_s))

    def _check_range(self, field: str, least: int, most: int | None) -> None:
        value = getattr(self, field)
        if value < least or (most is not None and value > most):
            self._refuse(field, value, f"{least} or more" if most is None else f"{least} to {most}")

    def _refuse(self, field: str, value: object, allowed: str) -> None:
        raise NotAllowedError(setting=f"{PREFIX}{field}", value=value, allowed=allowed)


def _parse_network(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        return None
