"""The body of /v1/chat/completions, /chat_tokenize and one of the forms of /invocations (router/src/lib.rs, v3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.tgi.errors import ToolError
from local.tgi.fields import (
    DeserializeError,
    Fields,
    anything,
    boolean,
    float32,
    sequence,
    string,
    strings,
    uint32,
    uint64,
)
from local.tgi.generate_request import GenerateParameters, read_grammar
from local.tgi.grammar import Grammar


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """A conversation and how to answer it.

    Attributes:
        messages: role and text of each message.
        parameters: the generation that it comes to.
        stream: whether tokens are wanted as they come.
        include_usage: whether a stream says at its end how many tokens there were.
        logprobs: whether probabilities are wanted.
        has_tools: whether the model may call functions.
        guideline: a variable of some chat templates.
    """

    messages: tuple[Mapping[str, str], ...]
    parameters: GenerateParameters
    stream: bool
    include_usage: bool
    logprobs: bool
    has_tools: bool
    guideline: str | None

    @classmethod
    def read(cls, body: Any) -> "ChatRequest":
        """Read it from JSON.

        Raises:
            DeserializeError: a field is missing or of another type.
        """
        fields = Fields(body, struct="ChatRequest")
        messages = fields.required("messages", sequence(_read_message))
        fields.optional("logit_bias", sequence(float32))
        fields.optional("n", uint32)
        options = fields.optional("stream_options", _read_include_usage)
        tools = fields.optional("tools", sequence(_read_tool)) or ()
        return cls(
            messages=messages,
            parameters=_read_parameters(fields),
            stream=fields.default("stream", boolean, default=False),
            include_usage=bool(options),
            logprobs=bool(fields.optional("logprobs", boolean)),
            has_tools=bool(tools) and fields.optional("tool_choice", anything) != "none",
            guideline=fields.optional("guideline", string),
        )

    def check_tools(self) -> None:
        """Refuse tools.

        Raises:
            ToolError: there are some.
        """
        if self.has_tools and self.parameters.grammar is not None:
            raise ToolError("Grammar and tools are mutually exclusive")
        if self.has_tools:
            raise ToolError("this server runs in place of TGI and calls no tools; leave `tools` out")


def _read_parameters(fields: Fields) -> GenerateParameters:
    temperature = fields.optional("temperature", float32)
    presence_penalty = fields.optional("presence_penalty", float32)
    max_tokens = fields.optional("max_tokens", uint32)
    return GenerateParameters(
        # Only a temperature of 0 is greedy; TGI's own parameter must not be 0.
        do_sample=temperature != 0.0,
        temperature=None if temperature == 0.0 else temperature,
        repetition_penalty=None if presence_penalty is None else presence_penalty + 2.0,
        frequency_penalty=fields.optional("frequency_penalty", float32),
        top_p=fields.optional("top_p", float32),
        max_new_tokens=fields.optional("max_completion_tokens", uint32) if max_tokens is None else max_tokens,
        stop=fields.optional("stop", strings) or (),
        seed=fields.optional("seed", uint64),
        top_n_tokens=fields.optional("top_logprobs", uint32),
        grammar=_read_response_format(fields),
        details=True,
        adapter_id=fields.optional("model", string),
    )


def _read_response_format(fields: Fields) -> Grammar | None:
    return fields.optional("response_format", read_grammar)


def _read_include_usage(value: Any, path: str) -> bool:
    return Fields(value, path=path, struct="StreamOptions").required("include_usage", boolean)


def _read_tool(value: Any, path: str) -> str:
    fields = Fields(value, path=path, struct="Tool")
    fields.required("type", string)
    function = Fields(fields.required("function", anything), path=fields.path("function"), struct="FunctionDefinition")
    return function.required("name", string)


def _read_message(value: Any, path: str) -> Mapping[str, str]:
    fields = Fields(value, path=path, struct="Message")
    role = fields.required("role", string)
    fields.optional("name", string)
    content = fields.optional("content", anything)
    if content is None and fields.optional("tool_calls", anything) is not None:
        content = ""
    if isinstance(content, list):
        content = "".join(_read_part(part, f"{path}.content[{index}]") for index, part in enumerate(content))
    if not isinstance(content, str):
        raise DeserializeError("data did not match any variant of untagged enum MessageBody", path=path)
    return {"role": role, "content": content}


def _read_part(value: Any, path: str) -> str:
    """Return a part of a message as text; an image becomes a Markdown link, which a text model reads as it is."""
    fields = Fields(value, path=path, struct="MessageChunk")
    kind = fields.required("type", string)
    if kind == "text":
        return fields.required("text", string)
    if kind == "image_url":
        url = Fields(fields.required("image_url", anything), path=fields.path("image_url"), struct="Url")
        return f"![]({url.required('url', string)})"
    raise DeserializeError(f"unknown variant `{kind}`, expected `text` or `image_url`", path=path)
