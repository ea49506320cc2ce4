"""Adapters that come and go: vLLM's routes and SageMaker's.

SageMaker's are those of model-hosting-container-standards; a failure is told in vLLM's body by both.
https://github.com/aws/model-hosting-container-standards/blob/main/docs/sagemaker/05_lora_adapter_management.md
"""

from starlette.responses import PlainTextResponse, Response

from local.vllm.requests import LoadAdapterRequest, RegisterAdapterRequest, UnloadAdapterRequest
from local.vllm.routes.service import Service


async def answer_load(service: Service, request: LoadAdapterRequest) -> Response:
    """Answer /v1/load_lora_adapter."""
    said = await service.adapters.load(request.lora_name, request.lora_path, in_place=request.load_inplace)
    return PlainTextResponse(said)


async def answer_unload(service: Service, request: UnloadAdapterRequest) -> Response:
    """Answer /v1/unload_lora_adapter."""
    return PlainTextResponse(await service.adapters.unload(request.lora_name))


async def answer_register(service: Service, request: RegisterAdapterRequest) -> Response:
    """Answer POST /adapters."""
    await service.adapters.load(request.name, request.src, in_place=request.load_inplace)
    return PlainTextResponse(f"Adapter {request.name} registered")


async def answer_unregister(service: Service, name: str) -> Response:
    """Answer DELETE /adapters/NAME."""
    await service.adapters.unload(name)
    return PlainTextResponse(f"Adapter {name} unregistered")
