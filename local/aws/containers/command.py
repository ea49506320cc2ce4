"""Which program stands in for an image.

It does not know how the program is started or watched (launcher.py, container_copy.py).
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from local.aws.containers.errors import CannotPullError
from model.images import is_published

# Takes the port to listen on (on 127.0.0.1), gives the arguments of the process. The process answers /ping and
# /invocations as a SageMaker container does, and ends when its standard input does.
ContainerCommand = Callable[[int], Sequence[str]]

TGI_REPOSITORY = "huggingface-pytorch-tgi-inference"
VLLM_REPOSITORY = "huggingface-vllm"

_ECR_IMAGE = re.compile(
    r"(?P<registry>\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)/(?P<repository>[a-z0-9._/-]+)"
    r"(?::(?P<tag>[\w.-]+)|@sha256:[0-9a-f]{64})"
)


def local_tgi(port: int) -> list[str]:
    """The command of local.tgi, which speaks TGI's HTTP contract."""
    return _python("local.tgi", port)


def local_vllm(port: int) -> list[str]:
    """The command of local.vllm, which speaks vLLM's HTTP contract."""
    return _python("local.vllm", port)


def _python(module: str, port: int) -> list[str]:
    return [sys.executable, "-m", module, "--host", "127.0.0.1", "--port", str(port), "--exit-with-stdin"]


_COMMANDS = MappingProxyType({TGI_REPOSITORY: local_tgi, VLLM_REPOSITORY: local_vllm})


class Images:
    """The images that run on this machine.

    Args:
        commands: the program for each ECR repository, by the repository's name; any tag that AWS has published there.
            What a digest names is not known here, so any is taken.
    """

    def __init__(self, commands: Mapping[str, ContainerCommand] = _COMMANDS) -> None:
        self._commands = dict(commands)

    def command(self, image: str) -> ContainerCommand:
        """Return the program that stands in for an image.

        Raises:
            CannotPullError: none does, or there is no such image: another account's registry, a tag that never was.
        """
        match = _ECR_IMAGE.fullmatch(image)
        command = self._commands.get(match["repository"]) if match else None
        if match is None or command is None:
            known = ", ".join(self._commands)
            reason = f" on this machine. The local AWS runs images of these ECR repositories: {known}."
            raise CannotPullError(image, reason=reason)
        if match["tag"] and not is_published(match["registry"], match["repository"], match["tag"]):
            raise CannotPullError(image, reason=": AWS has published none of that tag in that registry.")
        return command
