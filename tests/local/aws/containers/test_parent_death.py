import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from local.aws.containers.command import TGI_REPOSITORY

IMAGE = f"763104351884.dkr.ecr.us-east-1.amazonaws.com/{TGI_REPOSITORY}:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"

# A parent with two copies, as the local AWS is one. It prints their pids and waits.
PARENT = """
import os, sys, time
from pathlib import Path
from local.aws.containers.command import TGI_REPOSITORY, Images
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import Timings
from local.aws.containers.launcher import Launcher, Machine
from local.aws.containers.ports import Ports
from local.aws.containers.revision import Revision

class Log:
    def write(self, **line): pass

class Room:
    def reserve(self, key, needs, *, beyond): return True
    def release(self, key): pass

container, image, log_dir = sys.argv[1:]
images = Images({TGI_REPOSITORY: lambda port: [sys.executable, "-I", "-S", container, str(port)]})
machine = Machine(images=images, ports=Ports(), environment=os.environ, log_dir=Path(log_dir))
fleet = Fleet(
    name="twin", launcher=Launcher(machine=machine, sink=Log(), region="us-east-1", component="twin", variant="v"),
    room=Room(), revision=Revision(image=image, environment={}, startup_timeout_s=20), desired=2, timings=Timings(),
    alarm_is_on=lambda _: False, on_gone=lambda: None,
)
fleet.start()
assert fleet.wait_until(lambda state: state.settled, 20)
print(*[copy.pid for copy in fleet.copies()], flush=True)
time.sleep(60)
"""


def test_no_copy_survives_a_parent_that_is_killed(tmp_path: Path) -> None:
    container = Path(__file__).with_name("container.py")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(container), IMAGE, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[4],
    )
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(psutil.pid_exists(pid) for pid in pids)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 2
    while any(_lives(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
