"""The values of each stage. They differ in values only: every stage makes the same resources."""

from model.catalog import SMOLLM2, TWIN_LLAMA_DPO
from model.hardware import find_instance
from model.limits import ServingLimits
from stacks.monitoring_settings import MonitoringSettings
from stacks.service_settings import ServiceSettings
from stacks.settings import DeploymentSettings, Stage

# The KV cache of one A10G holds four requests of the greatest length beside the weights of an 8B model (model/fit.py
# says how many tokens remain); shorter ones, as most are, share it in greater number.
_TWIN_LIMITS = ServingLimits(
    max_input_tokens=4096,
    max_total_tokens=6144,
    max_batch_prefill_tokens=4096,
    max_batch_total_tokens=24_576,
    max_concurrent_requests=64,
)

_SMALL_LIMITS = ServingLimits(
    max_input_tokens=3072,
    max_total_tokens=4096,
    max_batch_prefill_tokens=3072,
    max_batch_total_tokens=16_384,
    max_concurrent_requests=32,
)


def settings_of(stage: Stage, *, region: str) -> DeploymentSettings:
    """Return the settings of a stage in a region.

    Raises:
        NoImageError: the region has no image of the stage's engine.
    """
    match stage:
        case Stage.LOCAL:
            return DeploymentSettings(
                stage=stage,
                region=region,
                model=SMOLLM2,
                limits=_SMALL_LIMITS,
                instance_type=find_instance("ml.g5.xlarge"),
                min_copies=1,
                max_copies=2,
                target_concurrency=4,
                startup_timeout_s=300,
                update_wait_s=0,
                service=ServiceSettings(log_retention_days=7),
                monitoring=MonitoringSettings(log_retention_days=7),
            )
        case Stage.DEV:
            return DeploymentSettings(
                stage=stage,
                region=region,
                model=TWIN_LLAMA_DPO,
                limits=_TWIN_LIMITS,
                instance_type=find_instance("ml.g5.2xlarge"),
                min_copies=0,
                max_copies=2,
                target_concurrency=8,
                startup_timeout_s=1200,
                service=ServiceSettings(log_retention_days=30),
            )
        case Stage.PROD:
            return DeploymentSettings(
                stage=stage,
                region=region,
                model=TWIN_LLAMA_DPO,
                limits=_TWIN_LIMITS,
                instance_type=find_instance("ml.g5.2xlarge"),
                min_copies=2,
                max_copies=4,
                first_copies=2,
                target_concurrency=8,
                startup_timeout_s=1200,
                termination_protection=True,
                service=ServiceSettings(
                    cpu_units=2048,
                    memory_mib=4096,
                    min_tasks=2,
                    max_tasks=8,
                    log_retention_days=365,
                    keep_data=True,
                ),
                monitoring=MonitoringSettings(log_retention_days=365),
            )
