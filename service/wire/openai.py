"""The wire of OpenAI's chat completions, as its clients write and read it.

https://platform.openai.com/docs/api-reference/chat. What is asked for and cannot be given is refused; fields that
change nothing here (`user`, `metadata`, …) are ignored. Our answers carry two more fields, which clients keep beside
theirs: `sources` and `notes`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.wire.rag import SourceOut

Text = Annotated[str, Field(max_length=100_000)]


class TextPart(BaseModel):
    """A part of a message. Only text is read."""

    type: Literal["text"]
    text: Text


class ChatMessage(BaseModel):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], Field(min_length=1, max_length=20)]

    @property
    def text(self) -> str:
        """The turn's words."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """What a stream ends with."""

    include_usage: bool = False


class ResponseFormat(BaseModel):
    """What form the answer must have; only `text` is given."""

    type: Literal["text"] = "text"


class ChatCompletionRequest(BaseModel):
    """A chat.

    With the twin's model, the last turn is the question, the turns before are its history, and the sampling parameters
    are the twin's own; with the plain model, everything goes to the model as it is.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: Annotated[str, Field(min_length=1, max_length=256, examples=["llm-twin"])]
    messages: Annotated[
        list[ChatMessage],
        Field(
            min_length=1, max_length=100, examples=[[{"role": "user", "content": "How does the twin scale to zero?"}]]
        ),
    ]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=0, le=0)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    stop: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)]
        | None
    ) = None
    n: Literal[1] | None = 1
    logprobs: Literal[False] | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    response_format: ResponseFormat | None = None

    @property
    def max_new_tokens(self) -> int | None:
        """The answer's bound, under either of its names."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def includes_usage(self) -> bool:
        """Whether a stream's last chunk tells what it cost."""
        return self.stream_options is not None and self.stream_options.include_usage


class CompletionUsage(BaseModel):
    """Tokens, as the model counted them; 0 where it was not asked or did not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0

    @classmethod
    def of(cls, input_tokens: int | None, output_tokens: int | None) -> "CompletionUsage":
        """Return what the model counted."""
        given, made = input_tokens or 0, output_tokens or 0
        return cls(prompt_tokens=given, completion_tokens=made, total_tokens=given + made)


class AssistantMessage(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """The one choice."""

    index: Literal[0] = 0
    message: AssistantMessage
    finish_reason: Literal["stop", "length"]
    logprobs: None = None


class ChatCompletion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage
    system_fingerprint: None = None
    sources: list[SourceOut] = Field(description="Of the twin's answer; not OpenAI's.")
    notes: list[str] = Field(description="Of the twin's answer; not OpenAI's.")


class ModelOut(BaseModel):
    """A model that can be asked."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelsOut(BaseModel):
    """The models that can be asked."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIError(BaseModel):
    """What went wrong, in OpenAI's words."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIErrorOut(BaseModel):
    """An error answer."""

    error: OpenAIError
