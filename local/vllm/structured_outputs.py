"""Constraints on the generated text: vLLM's structured outputs in llama.cpp's words.

llama.cpp is built with llguidance here (https://github.com/guidance-ai/llguidance), which takes JSON schemas and
regular expressions; vLLM's grammars have llama.cpp's own form.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from local.llama.llguidance import compile_choice, compile_json, compile_regex


class StructuredOutputs(BaseModel):
    """`structured_outputs` of a request: exactly one constraint."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    json_: str | dict[str, Any] | None = Field(default=None, alias="json")
    regex: str | None = None
    choice: list[str] | None = None
    grammar: str | None = None
    json_object: bool | None = None

    @model_validator(mode="after")
    def _check_count(self) -> "StructuredOutputs":
        given = [self.json_, self.regex, self.choice, self.grammar, self.json_object]
        if sum(value is not None for value in given) != 1:
            raise ValueError(
                "You must use one kind of structured outputs constraint: json, regex, choice, grammar or json_object"
            )
        return self

    def compile(self) -> str | None:
        """Return llama.cpp's form; None for no constraint.

        Raises:
            ValueError: the schema is no JSON.
        """
        if self.json_ is not None:
            return compile_json(json.loads(self.json_) if isinstance(self.json_, str) else self.json_)
        if self.regex is not None:
            return compile_regex(self.regex)
        if self.choice is not None:
            return compile_choice(self.choice)
        if self.grammar is not None:
            return self.grammar
        return compile_json({"type": "object"}) if self.json_object else None


class JsonSchema(BaseModel):
    """The schema of a response format and its name."""

    name: str
    description: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class ResponseFormat(BaseModel):
    """OpenAI's `response_format`."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def _check_schema(self) -> "ResponseFormat":
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("When response_format type is 'json_schema', the 'json_schema' field must be provided.")
        return self

    def compile(self) -> str | None:
        """Return llama.cpp's form; None for plain text."""
        if self.type == "json_schema" and self.json_schema is not None:
            return compile_json(self.json_schema.schema_ or {"type": "object"})
        return compile_json({"type": "object"}) if self.type == "json_object" else None
