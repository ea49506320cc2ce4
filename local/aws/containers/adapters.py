"""Giving a LoRA adapter to a running container, and taking it away: the routes that a container has for SageMaker.

`POST /adapters {"name", "src"}` and `DELETE /adapters/NAME`, and the header that says which one a request is for:
https://github.com/aws/model-hosting-container-standards/blob/main/docs/sagemaker/05_lora_adapter_management.md
It does not know components: it is told a copy, a name and a folder.
"""

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local.aws.containers.container_copy import Copy

ADAPTER_HEADER = "x-amzn-sagemaker-adapter-identifier"
# An adapter is small; its loading takes a container seconds.
_LOAD_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """An adapter that a container can load.

    Attributes:
        name: by which a request asks for it.
        folder: where its files are; another folder is another version.
    """

    name: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What a container said to an adapter that it did not take.

    Attributes:
        status: of its answer.
        text: of its answer.
    """

    status: int
    text: str


def give(copy: Copy, adapter: Adapter) -> Refusal | None:
    """Have a copy load an adapter, unless it has; in the place of another version where it has one.

    Raises:
        OSError, HTTPException: the container could not be asked.
    """
    if copy.adapters.get(adapter.name) == adapter.folder:
        return None
    with copy.adapters_lock:
        if copy.adapters.get(adapter.name) == adapter.folder:
            return None
        if copy.adapters.pop(adapter.name, None) is not None:
            _ask(copy, "DELETE", f"/adapters/{quote(adapter.name)}")
        told = {"name": adapter.name, "src": str(adapter.folder)}
        status, text = _ask(copy, "POST", "/adapters", json.dumps(told).encode())
        if status != http.client.OK:
            return Refusal(status=status, text=text)
        copy.adapters[adapter.name] = adapter.folder
        return None


def take_away(copy: Copy, name: str) -> None:
    """Have a copy forget an adapter, if it has it.

    Raises:
        OSError, HTTPException: the container could not be asked.
    """
    with copy.adapters_lock:
        if copy.adapters.pop(name, None) is not None:
            _ask(copy, "DELETE", f"/adapters/{quote(name)}")


def _ask(copy: Copy, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", copy.port, timeout=_LOAD_S)
    try:
        connection.request(method, path, body=body, headers={"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()
