"""A stack's outputs, resolved once its resources are there."""

from typing import Any

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.scope import StackScope
from local.aws.cloudformation.stack import StackOutput
from local.aws.cloudformation.template import Template


def resolve_outputs(template: Template, scope: StackScope) -> tuple[StackOutput, ...]:
    """Resolve the outputs whose condition holds.

    Raises:
        ValidationError: a value is no text, or a function in it cannot be resolved.
    """
    wanted = [
        output for output in template.outputs.values() if output.condition is None or scope.condition(output.condition)
    ]
    return tuple(
        StackOutput(
            key=output.key,
            value=_text(output.key, scope.resolve(output.value)),
            description=output.description,
            export_name=None if output.export_name is None else _text(output.key, scope.resolve(output.export_name)),
        )
        for output in wanted
    )


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValidationError(
        f"Template format error: Output {key} is malformed. "
        "The Value field of every Outputs member must evaluate to a String."
    )
