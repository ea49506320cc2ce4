"""The body of /generate, /generate_stream, / and one of the forms of /invocations (router/src/lib.rs, v3.3)."""

from dataclasses import dataclass
from typing import Any

from local.tgi.fields import (
    DeserializeError,
    Fields,
    anything,
    boolean,
    float32,
    int32,
    string,
    strings,
    uint32,
    uint64,
    usize,
)
from local.tgi.grammar import Grammar, JsonGrammar, RegexGrammar


@dataclass(frozen=True, kw_only=True)
class GenerateParameters:
    """What a client may set; None where it left the choice to the server.

    Nothing is checked yet beyond types: that is validation.py's work.
    """

    best_of: int | None = None
    temperature: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    typical_p: float | None = None
    do_sample: bool = False
    max_new_tokens: int | None = None
    return_full_text: bool | None = None
    stop: tuple[str, ...] = ()
    truncate: int | None = None
    watermark: bool = False
    details: bool = False
    decoder_input_details: bool = False
    seed: int | None = None
    top_n_tokens: int | None = None
    grammar: Grammar | None = None
    adapter_id: str | None = None

    @classmethod
    def read(cls, value: Any, path: str) -> "GenerateParameters":
        """Read them from JSON.

        Raises:
            DeserializeError: a value is of another type.
        """
        fields = Fields(value, path=path, struct="GenerateParameters")
        return cls(
            best_of=fields.optional("best_of", usize),
            temperature=fields.optional("temperature", float32),
            repetition_penalty=fields.optional("repetition_penalty", float32),
            frequency_penalty=fields.optional("frequency_penalty", float32),
            top_k=fields.optional("top_k", int32),
            top_p=fields.optional("top_p", float32),
            typical_p=fields.optional("typical_p", float32),
            do_sample=fields.default("do_sample", boolean, default=False),
            max_new_tokens=fields.optional("max_new_tokens", uint32),
            return_full_text=fields.optional("return_full_text", boolean),
            stop=fields.default("stop", strings, default=()),
            truncate=fields.optional("truncate", usize),
            watermark=fields.default("watermark", boolean, default=False),
            details=fields.default("details", boolean, default=False),
            decoder_input_details=fields.default("decoder_input_details", boolean, default=False),
            seed=fields.optional("seed", uint64),
            top_n_tokens=fields.optional("top_n_tokens", uint32),
            grammar=fields.optional("grammar", read_grammar),
            adapter_id=fields.optional("adapter_id", string),
        )


@dataclass(frozen=True, kw_only=True)
class GenerateRequest:
    """A prompt and how to go on from it.

    Attributes:
        inputs: the prompt.
        parameters: how to generate. Absent as a whole it means do_sample=true, an empty object do_sample=false.
        stream: whether tokens are wanted as they come; looked at only on / and /invocations.
        add_special_tokens: whether the prompt begins as the model expects a text to begin; not for templated chats.
    """

    inputs: str
    parameters: GenerateParameters
    stream: bool = False
    add_special_tokens: bool = True

    @classmethod
    def read(cls, body: Any) -> "GenerateRequest":
        """Read it from JSON.

        Raises:
            DeserializeError: a field is missing or of another type.
        """
        fields = Fields(body, struct="GenerateRequest")
        return cls(
            inputs=fields.required("inputs", string),
            parameters=fields.default("parameters", GenerateParameters.read, GenerateParameters(do_sample=True)),
            stream=fields.default("stream", boolean, default=False),
        )


def read_grammar(value: Any, path: str) -> Grammar:
    """Read a grammar: `{"type": "json"|"json_object"|"json_schema"|"regex", "value": …}`.

    Raises:
        DeserializeError: another type, or the value is missing.
    """
    fields = Fields(value, path=path, struct="GrammarType")
    kind = fields.required("type", string)
    if kind == "regex":
        return RegexGrammar(fields.required("value", string))
    if kind in {"json", "json_object"}:
        return JsonGrammar(fields.required("value", anything))
    if kind == "json_schema":
        config = Fields(fields.required("value", anything), path=fields.path("value"), struct="JsonSchemaConfig")
        return JsonGrammar(config.required("schema", anything))
    raise DeserializeError(f"unknown variant `{kind}`, expected one of `json`, `regex`, `json_schema`", path=path)
