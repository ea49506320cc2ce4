"""The bodies of /v1/chat/completions, /v1/completions and /tokenize, with vLLM's types and defaults.

vllm/entrypoints/openai/chat_completion/protocol.py and completion/protocol.py. As there, unknown fields are ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from local.vllm.errors import BadRequestError, NotServedError
from local.vllm.structured_outputs import ResponseFormat, StructuredOutputs

_INT64 = 2**63
# What would change the answer and is not done here, with the values that ask for nothing.
_NOT_SERVED: Mapping[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "best_of": (None, 1),
    "use_beam_search": (None, False),
    "min_tokens": (None, 0),
    "prompt_logprobs": (None,),
    "allowed_token_ids": (None,),
    "bad_words": (None, []),
    "echo": (None, False),
    "continue_final_message": (None, False),
    "chat_template": (None,),
}


class StreamOptions(BaseModel):
    """What a stream says besides text."""

    include_usage: bool | None = False
    continuous_usage_stats: bool | None = False


class GenerationRequest(BaseModel):
    """What a chat and a completion have in common."""

    model_config = ConfigDict(extra="allow")

    model: str | None = None
    frequency_penalty: float | None = 0.0
    logit_bias: dict[str, float] | None = None
    presence_penalty: float | None = 0.0
    response_format: ResponseFormat | None = None
    seed: Annotated[int, Field(ge=-_INT64, lt=_INT64)] | None = None
    stop: str | list[str] | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    stop_token_ids: list[int] | None = None
    include_stop_str_in_output: bool = False
    ignore_eos: bool = False
    skip_special_tokens: bool = True
    truncate_prompt_tokens: Annotated[int, Field(ge=-1)] | None = None
    structured_outputs: StructuredOutputs | None = None

    def check_served(self) -> None:
        """Refuse what is not done here, and what contradicts itself.

        Raises:
            BadRequestError: stream options without a stream.
            NotServedError: names the field.
        """
        if self.stream_options is not None and not self.stream:
            raise BadRequestError("Stream options can only be defined when `stream=True`.", param="stream_options")
        for name, nothing in _NOT_SERVED.items():
            value = (self.model_extra or {}).get(name)
            if value not in nothing:
                raise NotServedError(
                    f"{name}={value!r} is not supported by this server, which runs in place of vLLM", param=name
                )


class ChatRequest(GenerationRequest):
    """A conversation and how to answer it."""

    messages: list[dict[str, Any]]
    logprobs: bool | None = False
    top_logprobs: int | None = 0
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    add_special_tokens: bool = False
    chat_template_kwargs: dict[str, Any] | None = None


class CompletionRequest(GenerationRequest):
    """One or more prompts and how to go on from them."""

    prompt: list[Annotated[int, Field(ge=0)]] | list[list[Annotated[int, Field(ge=0)]]] | str | list[str]
    logprobs: int | None = None
    max_tokens: int | None = 16
    suffix: str | None = None
    add_special_tokens: bool = True


class TokenizeRequest(BaseModel):
    """A text, or a conversation, whose tokens are wanted."""

    model: str | None = None
    prompt: str | None = None
    messages: list[dict[str, Any]] | None = None
    add_special_tokens: bool | None = None
    return_token_strs: bool | None = False


class DetokenizeRequest(BaseModel):
    """Tokens whose text is wanted."""

    model: str | None = None
    tokens: list[Annotated[int, Field(ge=0)]]


class LoadAdapterRequest(BaseModel):
    """An adapter to load."""

    lora_name: str
    lora_path: str
    load_inplace: bool = False


class UnloadAdapterRequest(BaseModel):
    """An adapter to forget."""

    lora_name: str


class RegisterAdapterRequest(BaseModel):
    """An adapter to load, in SageMaker's words."""

    name: str
    src: str
    load_inplace: bool = False
