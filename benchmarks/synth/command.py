"""Synthesis in processes of their own, in turns, so that what else the machine does falls on all alike.

What is measured is what `cdk synth` waits for: the app. Most of it is Node's start and the loading of CDK's modules,
which the empty app pays, too. CPU time is that of the app and its Node process.

CDK's own pattern of a service, one construct in one stack, takes 1.7 to 1.8 times what the empty app does (the
endpoint's stack 1.6, all three 2.2 to 2.4): that is what CDK's modules of EC2, ECS and load balancers cost whoever uses
them. What the stacks pay above the empty app, by profiles of both: Python's classes of the modules that they use,
JavaScript modules of four times the size, the constructs themselves, and the validation of their templates. What was
tried and does not help:

- NODE_COMPILE_CACHE: its entries go by the file's path, and jsii links its own cache of packages, which is on by
  default, into a new folder for each run, where Node sees the link's path (`--preserve-symlinks`).
- `python -O`, without jsii's checks of types at each call: a fifth of a second, and who keeps no bytecode
  (PYTHONDONTWRITEBYTECODE) pays several for it.
- Python without garbage collection, or `@aws-cdk/core:enableAdditionalMetadataCollection` off: within the noise.
- V8 without background threads: less CPU time, of both apps, and no less time to wait on an idle machine.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROUNDS = 5
# A stack without any resource does not pass CDK's own validation.
_EMPTY = """
from aws_cdk import App, CfnWaitConditionHandle, Stack
app = App(analytics_reporting=False)
CfnWaitConditionHandle(Stack(app, "Empty"), "Nothing")
app.synth()
"""
# What CDK's own guide begins with (https://docs.aws.amazon.com/cdk/v2/guide/ecs-example.html): the least that a service
# behind a load balancer costs where it is written with typed constructs.
_PATTERN = """
from aws_cdk import App, Stack, aws_ec2 as ec2, aws_ecs as ecs, aws_ecs_patterns as patterns
app = App(analytics_reporting=False)
stack = Stack(app, "Pattern")
cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc", max_azs=2))
image = ecs.ContainerImage.from_registry("llm-twin-service:1.4.0")
options = patterns.ApplicationLoadBalancedTaskImageOptions(image=image)
patterns.ApplicationLoadBalancedFargateService(stack, "Service", cluster=cluster, task_image_options=options)
app.synth()
"""
_ALL = {
    "stage": "prod",
    "service_image": "llm-twin-service:1.4.0",
    "monitoring": "true",
    "monitoring_email": "ops@example.com",
    "monitoring_budget_usd": "2000",
}
_APPS: Mapping[str, tuple[list[str], dict[str, str]]] = {
    "an empty app": (["-c", _EMPTY], {}),
    "CDK's own pattern of a service": (["-c", _PATTERN], {}),
    "the endpoint (plain cdk deploy)": (["app.py"], {"stage": "prod"}),
    "endpoint, service and monitoring": (["app.py"], _ALL),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One synthesis, in seconds."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Print median times and their ratios to the empty app's."""
    runs = _measure()
    _, empty = next(iter(runs.items()))
    wall_s, cpu_s = _median(empty)
    print(f"{'synth of':<36} {'wall s':>8} {'ratio':>6} {'cpu s':>8} {'ratio':>6}   median of {_ROUNDS}")
    for name, found in runs.items():
        wall, cpu = _median(found)
        print(f"{name:<36} {wall:>8.2f} {wall / wall_s:>6.2f} {cpu:>8.2f} {cpu / cpu_s:>6.2f}")


def _measure() -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in _APPS}
    # The first round fills caches: of bytecode, and of jsii's unpacked packages.
    for round_ in range(_ROUNDS + 1):
        for name, (arguments, context) in _APPS.items():
            run = _synthesize(arguments, context)
            if round_:
                runs[name].append(run)
    return runs


def _synthesize(arguments: list[str], context: dict[str, str]) -> Run:
    flags = json.loads((_ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as out:
        environ = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "CDK_CONTEXT_JSON": json.dumps(flags | context),
            "CDK_OUTDIR": out,
        }
        started_s = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=_ROOT, env=environ, check=True, capture_output=True)
        wall_s = time.perf_counter() - started_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(wall_s=wall_s, cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _median(runs: list[Run]) -> tuple[float, float]:
    return statistics.median(run.wall_s for run in runs), statistics.median(run.cpu_s for run in runs)
