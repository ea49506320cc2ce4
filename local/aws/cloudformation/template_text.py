"""Template text to plain data: JSON, or YAML with CloudFormation's short forms (``!Ref``, ``!GetAtt``, ``!Sub``, …).

It does not know what a template means.
"""

import json
from typing import Any

import yaml

from local.aws.cloudformation.errors import ValidationError

_UNPREFIXED = ("Ref", "Condition")


def _short_form(loader: Any, tag: str, node: Any) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in _UNPREFIXED else f"Fn::{tag}": value}


# libyaml's loader where the installed PyYAML has it: a bootstrap template takes it a tenth of the time.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML as CloudFormation reads it: a short form is its long form, and a policy document's `Version: 2012-10-17` stays
# text.
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_TemplateLoader: Any = type("_TemplateLoader", (_SafeLoader,), {"yaml_implicit_resolvers": _RESOLVERS})
_TemplateLoader.add_multi_constructor("!", _short_form)


def load(body: str) -> dict[str, Any]:
    """Read a template's text.

    Raises:
        ValidationError: the text is neither a JSON object nor a YAML mapping.
    """
    document = _load_json(body) if body.lstrip().startswith("{") else _load_yaml(body)
    if not isinstance(document, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return document


def _load_json(body: str) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        message = f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
        raise ValidationError(message) from error


def _load_yaml(body: str) -> Any:
    try:
        return yaml.load(body, Loader=_TemplateLoader)  # noqa: S506 - made of SafeLoader: plain data only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValidationError(f"Template format error: YAML not well-formed.{where}") from error
