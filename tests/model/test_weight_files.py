import pytest

from model.errors import IncompleteModelError
from model.weight_files import INDEX, choose, find_gaps, read_shards

WHOLE = ("config.json", "tokenizer.json", "model.safetensors")


def test_what_an_engine_reads_is_chosen_and_nothing_beside_it():
    others = (
        "pytorch_model.bin", "original/consolidated.00.pth", "consolidated.safetensors", "adapter_model.safetensors",
        "onnx/model.safetensors", "optimizer.pt", "trainer_state.json", "secrets.json", ".env", "README.md", "train.py",
    )  # fmt: skip
    assert choose([*WHOLE, "LICENSE", *others], shards=None) == ("LICENSE", *sorted(WHOLE))


def test_with_an_index_the_weights_are_the_files_that_it_names():
    shards = frozenset({"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
    names = ["config.json", "tokenizer.json", INDEX, *shards, "model-00003-of-00003.safetensors"]
    assert choose(names, shards=shards) == ("config.json", *sorted({INDEX, *shards}), "tokenizer.json")


@pytest.mark.parametrize(
    ("names", "shards", "message"),
    [
        (["model.safetensors"], None, "no config.json"),
        (["config.json"], None, r"no \*\.safetensors"),
        (["config.json", "b.safetensors"], {"a.safetensors"}, "names a.safetensors, which is not there"),
        (["config.json", "pytorch_model.bin"], None, "run code when they are read.*safe_serialization=True"),
        (["adapter_config.json", "adapter_model.safetensors"], None, "It is an adapter: merge it"),
        ([], None, r"no config.json; no \*\.safetensors.*the whole folder"),
        (["config.json", "model.safetensors"], None, r"no tokenizer \(tokenizer.json or .*its tokenizer included"),
        (
            ["config.json", "tokenizer.json", "model-00001-of-00002.safetensors"],
            None,
            r"no model-00002-of-00002.safetensors\. Publish the whole folder",
        ),
        (
            ["config.json", "tokenizer.json", "model-00002-of-00004.safetensors"],
            None,
            r"no model-00001-of-00004.safetensors and 2 more pieces\.",
        ),
    ],
)
def test_what_is_no_whole_model_is_refused_with_what_is_missing(names, shards, message):
    with pytest.raises(IncompleteModelError, match=message):
        choose(names, shards=shards and frozenset(shards))


def test_a_whole_model_has_no_gaps():
    assert find_gaps(WHOLE, shards=None) == []


@pytest.mark.parametrize("tokenizer", ["tokenizer.model", "tekken.json", "spiece.model", "vocab.json"])
def test_any_tokenizer_will_do(tokenizer):
    assert choose(["config.json", "model.safetensors", tokenizer], shards=None)[-1] == tokenizer


def test_pieces_that_are_all_there_need_no_index():
    pieces = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}
    assert find_gaps(["config.json", "tokenizer.json", *pieces], shards=None) == []


@pytest.mark.parametrize("index", [[], {}, {"weight_map": {}}, {"weight_map": {"a": 1}}, {"weight_map": ["a"]}])
def test_an_index_that_names_no_files_is_refused(index):
    with pytest.raises(IncompleteModelError, match="has no weight_map"):
        read_shards(index)
