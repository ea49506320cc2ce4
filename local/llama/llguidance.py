"""Constraints in the form that llama.cpp, built with llguidance, takes.

https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_HEAD: Final = "%llguidance {}\nstart: "
# An escaped character, or a slash that would end the expression.
_ESCAPED_OR_SLASH: Final = re.compile(r"(\\.)|/", re.DOTALL)


def compile_json(schema: Mapping[str, Any]) -> str:
    """Return the constraint to JSON of a schema."""
    return f"{_HEAD}%json {json.dumps(schema)}"


def compile_regex(pattern: str) -> str:
    """Return the constraint to texts that a regular expression matches as a whole."""
    escaped = _ESCAPED_OR_SLASH.sub(lambda match: match.group(1) or r"\/", pattern).replace("\n", r"\n")
    return f"{_HEAD}/{escaped}/"


def compile_choice(texts: Sequence[str]) -> str:
    """Return the constraint to one of some texts."""
    return _HEAD + " | ".join(map(json.dumps, texts))
