from dataclasses import replace

import pytest

from model.catalog import SMOLLM2
from model.errors import InvalidSpecError


def test_a_branch_is_no_revision_because_it_moves():
    with pytest.raises(InvalidSpecError, match=r"revision 'main' is not a commit.*full hash \(40 hexadecimal digits\)"):
        replace(SMOLLM2, revision="main")


@pytest.mark.parametrize("model_id", ["SmolLM2", "a/b/c", "/b", "a/", "a b/c", "../x", f"a/{'b' * 95}"])
def test_a_model_id_names_an_owner_and_a_model(model_id):
    with pytest.raises(InvalidSpecError, match=r"is not a hub id. It must read 'owner/name', in at most 96 characters"):
        replace(SMOLLM2, model_id=model_id)


@pytest.mark.parametrize("uri", ["s3://bucket/folder/", "s3://my.bucket-1/a/b-c_d/e.f/"])
def test_weights_may_lie_under_a_prefix_in_s3(uri):
    assert replace(SMOLLM2, s3_uri=uri).source == uri


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/folder",
        "http://bucket/folder/",
        "s3://BUCKET/folder/",
        "s3://b*/x/",
        "s3://bucket/*/",
        "",
    ],
)
def test_what_is_no_prefix_in_s3_is_refused(uri):
    with pytest.raises(InvalidSpecError, match=r"It must read 's3://BUCKET/PREFIX/' and end in '/'"):
        replace(SMOLLM2, s3_uri=uri)


@pytest.mark.parametrize("field", ["parameters", "layers", "adapter_rank"])
def test_a_size_that_no_model_has_is_refused_without_its_digits(field):
    with pytest.raises(InvalidSpecError, match=rf"{field} is too large. It must be at most 1,000,000,000,000,000"):
        replace(SMOLLM2, **{field: 10**5000})


@pytest.mark.parametrize("field", ["parameters", "layers", "kv_heads", "head_dim", "vocab_size", "max_positions"])
def test_every_size_is_at_least_one(field):
    with pytest.raises(InvalidSpecError, match=rf"{field} is 0. It must be at least 1"):
        replace(SMOLLM2, **{field: 0})


def test_query_heads_share_key_value_heads_evenly():
    with pytest.raises(InvalidSpecError, match=r"9 attention heads cannot share 2 kv heads"):
        replace(SMOLLM2, kv_heads=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sliding_window": 512}, r"sliding_window is 512 and sliding_layers 0. Give both, or neither"),
        ({"sliding_layers": 3}, r"sliding_window is None and sliding_layers 3. Give both, or neither"),
        ({"sliding_window": 0, "sliding_layers": 3}, r"sliding_window is 0. It must be at least 1"),
        ({"sliding_window": 512, "sliding_layers": 31}, r"sliding_layers is 31. It has 30 layers"),
    ],
)
def test_a_window_and_the_layers_that_have_it_belong_together(changes, message):
    with pytest.raises(InvalidSpecError, match=message):
        replace(SMOLLM2, **changes)
