"""The models that a project adds to the catalogue: a JSON file beside cdk.json, kept in version control.

One object, from model id to the fields of its spec. The catalogue does not read it by itself: whoever looks up a model
passes what `read_added` returned to `catalog.find`.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from model.errors import InvalidSpecError
from model.spec import Dtype, ModelSpec, PromptFormat, Quantization

FILE_NAME = "models.json"

# What is loaded beside a model belongs to a deployment, not to the model.
_NOT_IN_FILE = frozenset({"model_id", "adapters", "adapter_rank", "adapter_slots"})
_FIELDS = {field.name: field for field in fields(ModelSpec) if field.name not in _NOT_IN_FILE}
_REQUIRED = frozenset(name for name, field in _FIELDS.items() if field.default is MISSING)
_CHOICES = {"dtype": Dtype, "prompt_format": PromptFormat, "quantization": Quantization}
_TEXTS = frozenset({"revision", "model_type", "s3_uri"})
_FLAGS = frozenset({"tied_embeddings", "gated"})


def read_added(file: Path) -> Mapping[str, ModelSpec]:
    """Return the specs in a file by their ids; none where there is no file.

    Raises:
        InvalidSpecError: the file is not of that form; the error names the file, the model and the field.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return MappingProxyType({})
    except OSError as error:
        raise InvalidSpecError(
            f"{file} cannot be read: {error.strerror}.", remedy="It must be a file that you may read."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidSpecError(f"{file} is not JSON: {error}.", remedy="Correct it, or delete it.") from error
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise InvalidSpecError(f"{file} holds no models.", remedy="It must be one object: model id to fields.")
    return MappingProxyType({model_id: _parse(model_id, entry, file) for model_id, entry in content.items()})


def write_added(file: Path, spec: ModelSpec) -> None:
    """Add a spec to a file, in the place of one of the same id; the file is made where there is none.

    Raises:
        InvalidSpecError: what the file holds is not of its form; it is left as it is.
        OSError: it cannot be written; it is left as it is.
    """
    specs = dict(read_added(file)) | {spec.model_id: spec}
    content = {model_id: _format(specs[model_id]) for model_id in sorted(specs)}
    # Whole or not at all: a half-written file would refuse every deployment.
    written = file.with_name(f".{file.name}.new")
    written.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    written.replace(file)


def _format(spec: ModelSpec) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in _FIELDS}
    return {name: value for name, value in values.items() if value != _FIELDS[name].default}


def _parse(model_id: str, entry: Mapping[str, Any], file: Path) -> ModelSpec:
    if unknown := entry.keys() - _FIELDS.keys():
        raise InvalidSpecError(
            f"{file}: {model_id} has no field {min(unknown)!r}.", remedy=f"Fields: {', '.join(_FIELDS)}."
        )
    if missing := _REQUIRED - entry.keys():
        raise InvalidSpecError(f"{file}: {model_id} lacks {min(missing)!r}.", remedy="Add it anew: twin model add.")
    return ModelSpec(
        model_id=model_id, **{name: _parse_value(name, value, model_id, file) for name, value in entry.items()}
    )


def _parse_value(name: str, value: Any, model_id: str, file: Path) -> Any:
    if value is None and name not in _REQUIRED:
        return None
    if name in _CHOICES:
        choices = _CHOICES[name]
        if value in tuple(choices):
            return choices(value)
        allowed = f"one of {', '.join(choices)}"
    elif name in _TEXTS:
        if isinstance(value, str):
            return value
        allowed = "a text"
    elif name in _FLAGS:
        if isinstance(value, bool):
            return value
        allowed = "true or false"
    else:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        allowed = "a whole number"
    raise InvalidSpecError(f"{file}: {name} of {model_id} is {value!r}.", remedy=f"It must be {allowed}.")
