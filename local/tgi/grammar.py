"""Constraints on the generated text: TGI's grammars in llama.cpp's words.

llama.cpp is built with llguidance here (https://github.com/guidance-ai/llguidance), which takes JSON schemas and
regular expressions in Rust's dialect, as TGI's outlines-core does.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from local.llama.llguidance import compile_json, compile_regex
from local.tgi.errors import ValidationError

# outlines-core puts at most one space between the parts of a JSON text.
_WHITESPACE: Final = {"x-guidance": {"whitespace_pattern": "[ ]?"}}


@dataclass(frozen=True)
class JsonGrammar:
    """A JSON Schema: an object, or a string that holds one."""

    schema: Any

    def compile(self) -> str:
        """Return llama.cpp's form.

        Raises:
            ValidationError: it is no schema of an object.
        """
        schema = self.schema
        if isinstance(schema, str):
            try:
                schema = json.loads(schema)
            except ValueError as error:
                raise ValidationError(f"grammar is not valid: {error}") from error
        if not isinstance(schema, dict):
            raise ValidationError("grammar is not supported")
        if "properties" not in schema:
            raise ValidationError("grammar is not valid: Grammar must have a 'properties' field")
        return compile_json(_close_objects(schema) | _WHITESPACE)


@dataclass(frozen=True)
class RegexGrammar:
    """A regular expression that the whole text has to match."""

    pattern: str

    def compile(self) -> str:
        """Return llama.cpp's form."""
        return compile_regex(self.pattern)


Grammar = JsonGrammar | RegexGrammar


def _close_objects(schema: Any) -> Any:
    """Allow no property beyond those named, which outlines-core never generates either."""
    if isinstance(schema, list):
        return [_close_objects(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close_objects(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
