import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.intrinsics import Resolver
from local.aws.cloudformation.values import NO_VALUE, Unknown, unknown


class Names:
    """A scope in which names are given."""

    mappings: Mapping[str, Mapping[str, Any]] = {"Sizes": {"local": {"Gpus": 1, "Zones": ["a", "b"]}}}
    values: Mapping[str, Any] = {
        "Stage": "local",
        "List": ["a", "b", "c"],
        "Bucket": "bucket-1",
        "AWS::NoValue": NO_VALUE,
        "Later": unknown(),
    }

    def ref(self, name: str) -> Any:
        return self.values[name]

    def attribute(self, logical_id: str, name: str) -> Any:
        return unknown() if logical_id == "Later" else f"{logical_id}.{name}"

    def condition(self, name: str) -> bool:
        return name == "Yes"

    def export(self, name: str) -> str:
        return f"exported {name}"

    def availability_zones(self, region: str) -> list[str]:
        return [f"{region or 'here'}{letter}" for letter in "ab"]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver(Names())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stage"}, "local"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket.Arn"),
        ({"Fn::GetAtt": "Bucket.Endpoint.Address"}, "Bucket.Endpoint.Address"),
        ({"Fn::Sub": "${Stage}-${Bucket.Arn}-${!Literal}"}, "local-Bucket.Arn-${Literal}"),
        ({"Fn::Sub": ["${A}/${Stage}", {"A": {"Ref": "Bucket"}}]}, "bucket-1/local"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 3, True]]}, "a-local-3-true"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b,c"),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": ["-", "x-y"]}]}, "x"),
        ({"Fn::If": ["Yes", "then", {"Fn::Unknown": []}]}, "then"),
        ({"Fn::If": ["No", "then", "otherwise"]}, "otherwise"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Gpus"]}, 1),
        ({"Fn::FindInMap": ["Sizes", "prod", "Gpus", {"DefaultValue": 4}]}, 4),
        ({"Fn::ImportValue": {"Fn::Sub": "x-${Stage}"}}, "exported x-local"),
        ({"Fn::GetAZs": ""}, ["herea", "hereb"]),
        ({"Fn::GetAZs": "eu-west-1"}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::Base64": "ünï"}, base64.b64encode("ünï".encode()).decode()),
        ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ({"Fn::Length": {"Ref": "List"}}, 3),
        ({"Fn::ToJsonString": {"a": {"Ref": "List"}}}, '{"a":["a","b","c"]}'),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Fn::If": ["No", 2, {"Ref": "AWS::NoValue"}]}]}, {"b": [1]}),
        ({"Ref": "Stage", "other": 1}, {"Ref": "Stage", "other": 1}),
    ],
)
def test_functions_give_what_cloudformation_gives(resolver: Resolver, value: Any, expected: Any) -> None:
    assert resolver.resolve(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Join": ["-"]}, "Fn::Join object requires a list of 2 parameters"),
        ({"Fn::Join": ["-", "text"]}, "requires a list of strings"),
        ({"Fn::Join": ["-", [{"a": 1}]]}, "Fn::Join takes strings"),
        ({"Fn::Select": ["9", {"Ref": "List"}]}, "nonexistent value at index 9"),
        ({"Fn::Select": ["-1", {"Ref": "List"}]}, "nonexistent value at index -1"),
        ({"Fn::FindInMap": ["Sizes", "prod", "Gpus"]}, "Unable to get mapping for Sizes::prod::Gpus"),
        ({"Fn::GetAtt": ["Bucket"]}, "requires two non-empty parameters"),
        ({"Fn::Sub": ["a", "b", "c"]}, "Fn::Sub object requires a list of 2"),
        ({"Fn::Cidr": ["10.0.0.0/28", 99, 2]}, "no room for 99 blocks"),
        ({"Fn::Cidr": ["nonsense", 1, 2]}, "nonsense"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "Fn::Transform is unknown to the local AWS"),
        ({"Ref": ["a"]}, "Ref must name a parameter or a resource"),
    ],
)
def test_arguments_that_cannot_be_right_are_refused_by_name(resolver: Resolver, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("::", "::")):
        resolver.resolve(value)


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Later"},
        {"Fn::Sub": "x-${Later.Arn}"},
        {"Fn::Join": ["-", ["a", {"Ref": "Later"}]]},
        {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Later"}]}]},
        {"Fn::Base64": {"Ref": "Later"}},
        {"Fn::ImportValue": {"Ref": "Later"}},
        {"Fn::ToJsonString": {"a": {"Ref": "Later"}}},
    ],
)
def test_what_is_made_of_something_unknown_is_unknown(resolver: Resolver, value: Any) -> None:
    assert isinstance(resolver.resolve(value), Unknown)


def test_an_unknown_text_shows_its_known_parts(resolver: Resolver) -> None:
    assert resolver.resolve({"Fn::Sub": "arn:${Later.Arn}"}) == "arn:{{changeSet:KNOWN_AFTER_APPLY}}"


_LETTERS = st.text(alphabet=st.characters(exclude_characters="|", exclude_categories=["Cs"]))


@given(parts=st.lists(_LETTERS, min_size=1))
def test_split_undoes_join(parts: list[str]) -> None:
    assert Resolver(Names()).resolve({"Fn::Split": ["|", {"Fn::Join": ["|", parts]}]}) == parts


@given(text=st.text(alphabet=st.characters(exclude_characters="$", exclude_categories=["Cs"])))
def test_sub_leaves_a_text_without_variables_alone(text: str) -> None:
    assert Resolver(Names()).resolve({"Fn::Sub": text}) == text


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key != "Ref" and "Fn:" not in key), inner)
    ),
)


@given(value=_PLAIN)
@settings(max_examples=40)
def test_a_value_without_functions_resolves_to_itself(value: Any) -> None:
    assert json.dumps(Resolver(Names()).resolve(value)) == json.dumps(value)
