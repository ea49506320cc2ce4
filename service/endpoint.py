"""The LLM microservice as it is deployed now: its address from the stack's outputs, and a client for it.

A new deployment may replace endpoint and component, and with them their names. So when SageMaker says that there is no
such endpoint or component, the outputs are read again and the next call goes to the new one.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from inference_client import ClientOptions, EndpointAddress
from inference_client.aio import AsyncEndpointClient
from rag.prompting import PromptStyle
from service.settings import DEFAULT_ENDPOINT_STACK, Settings

_REFRESH_S = 5.0


class Endpoint:
    """The endpoint that answers now.

    Args:
        find: reads the address; may block, and is called on a thread.
        options: of the clients.
    """

    def __init__(self, *, find: Callable[[], EndpointAddress], options: ClientOptions) -> None:
        self._find = find
        self._options = options
        self._clients: list[AsyncEndpointClient] = []
        self._looking = asyncio.Lock()
        self._looked_at_s = 0.0

    @property
    def client(self) -> AsyncEndpointClient:
        """A client of the endpoint; only between `open` and `aclose`."""
        return self._clients[-1]

    @property
    def address(self) -> EndpointAddress:
        """Where it is, and its limits."""
        return self.client.address

    async def open(self) -> None:
        """Read the address for the first time.

        Raises:
            InferenceClientError: nothing is deployed there, or AWS cannot be asked.
        """
        await self._look()

    async def refresh(self) -> bool:
        """Read the address again, at most every few seconds; return whether it changed."""
        async with self._looking:
            before = self.address
            if time.monotonic() - self._looked_at_s >= _REFRESH_S:
                await self._look()
            return self.address != before

    async def _look(self) -> None:
        self._looked_at_s = time.monotonic()
        address = await asyncio.to_thread(self._find)
        if not self._clients or address != self.address:
            # The client before stays open until the end: streams may still run on it.
            self._clients.append(AsyncEndpointClient(address, options=self._options))
            structlog.get_logger(__name__).info(
                "endpoint_found",
                endpoint=address.endpoint_name,
                component=address.inference_component_name,
                model=address.model_id,
                max_input_tokens=address.max_input_tokens,
                max_total_tokens=address.max_total_tokens,
            )

    async def aclose(self) -> None:
        """Close every client."""
        for client in self._clients:
            await client.aclose()


def endpoint_finder(settings: Settings) -> Callable[[], EndpointAddress]:
    """Return how the settings say that the endpoint is found."""
    if settings.endpoint_outputs_file is not None:
        file = settings.endpoint_outputs_file
        return lambda: EndpointAddress.from_outputs_file(file)
    if settings.endpoint_ssm_path is not None:
        path = settings.endpoint_ssm_path
        return lambda: EndpointAddress.from_ssm(path)
    stack = settings.endpoint_stack or DEFAULT_ENDPOINT_STACK
    return lambda: EndpointAddress.from_stack(stack)


def client_options(settings: Settings) -> ClientOptions:
    """Return how the clients behave. They never wait for capacity: a caller who is told can decide."""
    return ClientOptions(
        total_timeout_s=settings.answer_timeout_s,
        read_timeout_s=min(70.0, settings.answer_timeout_s),
        # One more than can be at work: a stream that is being closed still has its connection.
        max_connections=settings.max_answers * 2,
    )


def prompt_style(settings: Settings, address: EndpointAddress) -> PromptStyle:
    """Return how the deployed model reads an instruction: as it was set, or by the model's name."""
    if settings.prompt_style is not None:
        return settings.prompt_style
    return PromptStyle.ALPACA if "twinllama" in (address.model_id or "").lower() else PromptStyle.CHAT
