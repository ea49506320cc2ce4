"""The published schemas of resource types: what a property may be, what forces a replacement, what is read-only.

The schemas are AWS's own, as the cfn-lint package ships them; its files are read directly, because importing cfn-lint
takes seconds. Nothing here knows how a resource is made.
"""

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Path_ = tuple[str, ...]

# The reference region: a type that AWS has here is a type that AWS has.
_REGION = "us-east-1"
_CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
_MAX_NAME_CHARACTERS = 63
_LOWERCASE_NAMES = frozenset({"AWS::S3::Bucket", "AWS::ECR::Repository"})


@dataclass(frozen=True, kw_only=True)
class ResourceSchema:
    """What AWS publishes about one resource type.

    Attributes:
        document: the JSON schema of the properties.
        create_only: the paths of properties that cannot be changed in place; ``*`` stands for any item.
        read_only: the properties that a resource has and a template cannot set.
        tag_property: the property that holds tags, or None for a type without tags.
    """

    type: str
    document: Mapping[str, Any]
    create_only: tuple[Path_, ...]
    conditional_create_only: tuple[Path_, ...]
    read_only: frozenset[str]
    tag_property: str | None

    @functools.cached_property
    def name_property(self) -> str | None:
        """The property by which a template names the resource itself, where the type has one that cannot change."""
        short = self.type.rpartition("::")[2]
        top_level = {path[0] for path in self.create_only if len(path) == 1}
        return next((name for name in (f"{short}Name", "Name", "GroupName") if name in top_level), None)

    @property
    def max_name_characters(self) -> int:
        """How long a generated name may be."""
        if self.type.startswith("AWS::ElasticLoadBalancingV2::"):
            return 32
        definition = self.definition_of(self.document["properties"].get(self.name_property or "", {}))
        return min(int(definition.get("maxLength", _MAX_NAME_CHARACTERS)), _MAX_NAME_CHARACTERS)

    @property
    def lowercase_names(self) -> bool:
        """Whether a generated name must be in lower case."""
        return self.type in _LOWERCASE_NAMES

    def definition_of(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a schema's ``$ref`` within the document to what it stands for."""
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema


class SchemaCatalogue:
    """The schemas in one folder, read as they are asked for."""

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder
        self._documents: dict[str, str] = json.loads((folder / "providers" / f"{_REGION}.json").read_text())
        self._read: dict[str, ResourceSchema] = {}

    def __contains__(self, type_: str) -> bool:
        return self._key(type_) in self._documents

    def find(self, type_: str) -> ResourceSchema:
        """The schema of a type; a KeyError where AWS publishes none."""
        if type_ not in self._read:
            path = self._folder / "resources" / f"{self._documents[self._key(type_)]}.json"
            self._read[type_] = _schema(type_, json.loads(path.read_text()))
        return self._read[type_]

    @staticmethod
    def _key(type_: str) -> str:
        return _CUSTOM_RESOURCE if type_.startswith("Custom::") else type_


def published_schemas() -> SchemaCatalogue:
    """The schemas that the installed cfn-lint ships."""
    package = importlib.util.find_spec("cfnlint")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("cfn-lint is not installed: the local AWS reads the resource schemas that it ships")
    return SchemaCatalogue(folder=Path(package.origin).parent / "data" / "schemas")


def _schema(type_: str, document: dict[str, Any]) -> ResourceSchema:
    tagging = document.get("tagging", {})
    tag_path = _path(tagging.get("tagProperty", "/properties/Tags"))
    has_tags = tagging.get("taggable", False) and len(tag_path) == 1 and tag_path[0] in document["properties"]
    return ResourceSchema(
        type=type_,
        document=document,
        create_only=tuple(_path(pointer) for pointer in document.get("createOnlyProperties", [])),
        conditional_create_only=tuple(
            _path(pointer) for pointer in document.get("conditionalCreateOnlyProperties", [])
        ),
        read_only=frozenset(
            path[0] for pointer in document.get("readOnlyProperties", []) if len(path := _path(pointer)) == 1
        ),
        tag_property=tag_path[0] if has_tags else None,
    )


def _path(pointer: str) -> Path_:
    return tuple(part for part in pointer.removeprefix("/properties/").split("/") if part != "properties")
