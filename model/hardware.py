"""The GPU instance types that SageMaker serves on: what each has and costs.

Sizes are EC2's published ones, taken to hold for the `ml.` types too. Prices are on-demand hourly rates in us-east-1,
in US dollars, from copies of AWS's price list (service AmazonSageMaker) that others published; None where no copy was
found, so that nobody mistakes a guess for a price. This module does not know what a model needs (fit.py).
"""

from dataclasses import dataclass
from types import MappingProxyType

from model.errors import UnknownInstanceError

GIB_IN_MIB = 1024

PRICES_READ = "2026-08"
PRICES_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One GPU.

    Attributes:
        name: the maker's name.
        memory_mib: usable memory: what EC2 reports, which is less than the name says ("24 GB" is 22.35 GiB).
        bandwidth_gb_per_s: memory bandwidth, 10^9 bytes per second, by datasheet.
        bf16_tflops: dense bfloat16 throughput, 10^12 operations per second, by datasheet.
        link_gb_per_s: what one GPU sends to the others of its instance, 10^9 bytes per second in one direction, by
            datasheet: PCIe 4.0 x16, or NVLink.
    """

    name: str
    memory_mib: int
    bandwidth_gb_per_s: int
    bf16_tflops: int
    link_gb_per_s: int


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """One instance type.

    Attributes:
        name: SageMaker's name, `ml.FAMILY.SIZE`.
        gpu: the kind of GPU it has.
        gpus: how many.
        vcpus: virtual processors.
        host_memory_mib: main memory.
        usd_per_hour: on-demand price at `PRICES_READ` in `PRICES_REGION`, or None.
    """

    name: str
    gpu: Gpu
    gpus: int
    vcpus: int
    host_memory_mib: int
    usd_per_hour: float | None


A10G = Gpu(name="NVIDIA A10G", memory_mib=22_888, bandwidth_gb_per_s=600, bf16_tflops=70, link_gb_per_s=32)
L4 = Gpu(name="NVIDIA L4", memory_mib=22_888, bandwidth_gb_per_s=300, bf16_tflops=121, link_gb_per_s=32)
L40S = Gpu(name="NVIDIA L40S", memory_mib=45_776, bandwidth_gb_per_s=864, bf16_tflops=362, link_gb_per_s=32)
A100_40 = Gpu(name="NVIDIA A100 40GB", memory_mib=40_960, bandwidth_gb_per_s=1555, bf16_tflops=312, link_gb_per_s=300)
A100_80 = Gpu(name="NVIDIA A100 80GB", memory_mib=81_920, bandwidth_gb_per_s=2039, bf16_tflops=312, link_gb_per_s=300)
H100 = Gpu(name="NVIDIA H100", memory_mib=81_920, bandwidth_gb_per_s=3350, bf16_tflops=990, link_gb_per_s=450)

# name, GPU, GPUs, vCPUs, host memory in GiB, price. The prices of g5 from 16xlarge on (but 12xlarge), of g6.xlarge,
# 8xlarge, 24xlarge and 48xlarge and of g6e.24xlarge and 48xlarge are from a listing of us-west-2, which was equal in
# every price that was found for both regions.
_TABLE: tuple[tuple[str, Gpu, int, int, int, float | None], ...] = (
    ("ml.g5.xlarge", A10G, 1, 4, 16, 1.408),
    ("ml.g5.2xlarge", A10G, 1, 8, 32, 1.515),
    ("ml.g5.4xlarge", A10G, 1, 16, 64, 2.03),
    ("ml.g5.8xlarge", A10G, 1, 32, 128, 3.06),
    ("ml.g5.16xlarge", A10G, 1, 64, 256, 5.12),
    ("ml.g5.12xlarge", A10G, 4, 48, 192, 7.09),
    ("ml.g5.24xlarge", A10G, 4, 96, 384, 10.18),
    ("ml.g5.48xlarge", A10G, 8, 192, 768, 20.36),
    ("ml.g6.xlarge", L4, 1, 4, 16, 1.127),
    ("ml.g6.2xlarge", L4, 1, 8, 32, 1.222),
    ("ml.g6.4xlarge", L4, 1, 16, 64, 1.654),
    ("ml.g6.8xlarge", L4, 1, 32, 128, 2.518),
    ("ml.g6.16xlarge", L4, 1, 64, 256, None),
    ("ml.g6.12xlarge", L4, 4, 48, 192, 5.752),
    ("ml.g6.24xlarge", L4, 4, 96, 384, 8.344),
    ("ml.g6.48xlarge", L4, 8, 192, 768, 16.688),
    ("ml.g6e.xlarge", L40S, 1, 4, 32, 2.61),
    ("ml.g6e.2xlarge", L40S, 1, 8, 64, 2.80),
    ("ml.g6e.4xlarge", L40S, 1, 16, 128, 3.76),
    ("ml.g6e.8xlarge", L40S, 1, 32, 256, 5.66),
    ("ml.g6e.16xlarge", L40S, 1, 64, 512, None),
    ("ml.g6e.12xlarge", L40S, 4, 48, 384, 13.12),
    ("ml.g6e.24xlarge", L40S, 4, 96, 768, 18.83),
    ("ml.g6e.48xlarge", L40S, 8, 192, 1536, 37.66),
    ("ml.p4d.24xlarge", A100_40, 8, 96, 1152, None),
    ("ml.p4de.24xlarge", A100_80, 8, 96, 1152, None),
    ("ml.p5.4xlarge", H100, 1, 16, 256, None),
    ("ml.p5.48xlarge", H100, 8, 192, 2048, None),
)

_INSTANCE_TYPES = MappingProxyType(
    {
        name: InstanceType(
            name=name,
            gpu=gpu,
            gpus=gpus,
            vcpus=vcpus,
            host_memory_mib=host_memory_gib * GIB_IN_MIB,
            usd_per_hour=usd_per_hour,
        )
        for name, gpu, gpus, vcpus, host_memory_gib, usd_per_hour in _TABLE
    }
)


def find_instance(name: str) -> InstanceType:
    """Return an instance type.

    Raises:
        UnknownInstanceError: it is not in the table; the error lists what is.
    """
    try:
        return _INSTANCE_TYPES[name]
    except KeyError:
        raise UnknownInstanceError(name, known=tuple(_INSTANCE_TYPES)) from None


def instance_types() -> tuple[InstanceType, ...]:
    """Return every instance type in the table, by family and then from small to large."""
    return tuple(_INSTANCE_TYPES.values())
