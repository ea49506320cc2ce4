"""The book's interface of an inference strategy."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Inference(ABC):
    """One way of running a model: first say what to ask, then ask. ``InferenceExecutor`` works with any of them."""

    @abstractmethod
    def set_payload(self, inputs: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Say what to ask next.

        Args:
            inputs: the prompt.
            parameters: how to generate, as ``{"max_new_tokens": 150}``; they win over the strategy's own defaults.
        """

    @abstractmethod
    def inference(self) -> Any:
        """Ask, and give the model's answer: ``[{"generated_text": …}]``."""
