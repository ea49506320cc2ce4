"""What the image's entry point makes of the environment: `--flag value` of every SM_VLLM_FLAG.

The rules are those of the script in AWS's and Hugging Face's images: the prefix is dropped, the rest is written small
with hyphens; `true` gives the flag alone, `false` gives nothing. Without a model's flag it looks into /opt/ml/model and
then at HF_MODEL_ID. https://aws.github.io/deep-learning-containers/vllm/configuration/
"""

from collections.abc import Mapping
from typing import Final

from local.llama.mounted import MOUNTED_WEIGHTS

_PREFIX: Final = "SM_VLLM_"
# Where the process listens is told by its own arguments: many containers share this machine's ports.
_OF_THE_ADDRESS: Final = frozenset({"--host", "--port"})


def list_arguments(variables: Mapping[str, str]) -> list[str]:
    """Return the arguments of `vllm serve`, in the order of their names.

    Args:
        variables: the process's environment.
    """
    arguments: list[str] = []
    if not variables.get(f"{_PREFIX}MODEL"):
        found = MOUNTED_WEIGHTS if variables.get("LOCAL_MOUNTED") else variables.get("HF_MODEL_ID")
        arguments += ["--model", found] if found else []
    for name, value in sorted(variables.items()):
        flag = f"--{name.removeprefix(_PREFIX).lower().replace('_', '-')}"
        if not name.startswith(_PREFIX) or flag in _OF_THE_ADDRESS or value.lower() == "false":
            continue
        arguments.append(flag)
        if value and value.lower() != "true":
            arguments.append(value)
    return arguments
