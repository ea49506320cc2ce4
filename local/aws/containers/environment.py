"""What a container's process finds in its environment: little of this machine, all of the template.

It does not read this process's environment; the composition root hands it over.
"""

from collections.abc import Mapping

from local.aws.containers.mounted import Mounted

# What a Python process needs to run at all, to write temporary files and to reach the packages that this one reaches.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")
# Settings of the engines' servers that belong to the machine and not to the template, as the path of a larger model.
_KEPT_PREFIXES = ("LOCAL_TGI_", "LOCAL_VLLM_")

# Idle OpenMP threads must sleep. With the defaults they spin, and two copies on two cores starve each other: loading a
# model was seen to take 30 s. They count only when set before the library loads.
_QUIET_OPENMP = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}


def container_environment(
    *,
    machine: Mapping[str, str],
    template: Mapping[str, str],
    region: str,
    gpu_memory_mib: int = 0,
    mounted: Mounted | None = None,
) -> dict[str, str]:
    """Return the environment of one container.

    Args:
        machine: the environment of the process that starts it.
        template: the container's own variables, by the model; they win.
        region: SageMaker tells a container where it runs.
        gpu_memory_mib: of each of its GPUs: a container would ask the driver; 0 where it has none.
        mounted: the model's files: a container would find them in a folder; None where there are none.
    """
    kept = {name: value for name, value in machine.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    told = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "PYTHONUNBUFFERED": "1"}
    if gpu_memory_mib:
        told["LOCAL_GPU_MEMORY_MIB"] = str(gpu_memory_mib)
    if mounted is not None:
        told["LOCAL_MOUNTED"] = mounted.to_text()
    return {**_QUIET_OPENMP, **kept, **told, **template}
