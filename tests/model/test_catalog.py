from dataclasses import replace

import pytest

from model import catalog
from model.errors import ModelError, UnknownModelError
from model.parameter_count import count_parameters


def test_the_book_s_model_is_the_cloud_default_and_comes_first():
    assert catalog.model_ids()[0] == "mlabonne/TwinLlama-3.1-8B-DPO"


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_a_model_is_found_by_its_own_id(model_id):
    assert catalog.find(model_id).model_id == model_id


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_the_parameters_are_those_of_a_model_of_that_shape(model_id):
    spec = catalog.find(model_id)
    assert spec.parameters == count_parameters(
        model_type=spec.model_type,
        layers=spec.layers,
        hidden_size=spec.hidden_size,
        intermediate_size=spec.intermediate_size,
        attention_heads=spec.attention_heads,
        kv_heads=spec.kv_heads,
        head_dim=spec.head_dim,
        vocab_size=spec.vocab_size,
        tied_embeddings=spec.tied_embeddings,
    )


# What the hub shows as the number of parameters of these models' safetensors files.
@pytest.mark.parametrize(
    ("model_id", "parameters"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248),
        ("meta-llama/Llama-3.1-70B-Instruct", 70_553_706_496),
        ("mistralai/Mistral-7B-Instruct-v0.3", 7_248_023_552),
        ("Qwen/Qwen2.5-7B-Instruct", 7_615_616_512),
        ("Qwen/Qwen3-8B", 8_190_735_360),
        ("google/gemma-2-9b-it", 9_241_705_984),
        ("google/gemma-3-1b-it", 999_885_952),
        ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1_711_376_384),
    ],
)
def test_the_parameters_are_those_that_are_published(model_id, parameters):
    assert catalog.find(model_id).parameters == parameters


def test_a_model_behind_a_licence_is_marked_gated_and_its_free_copy_is_not():
    assert catalog.find("meta-llama/Llama-3.1-70B-Instruct").gated
    assert not catalog.find("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4").gated


def test_every_revision_is_pinned_and_none_is_used_twice():
    revisions = [catalog.find(model_id).revision for model_id in catalog.model_ids()]
    assert len(set(revisions)) == len(revisions)


def test_an_unknown_model_is_refused_with_what_is_known():
    with pytest.raises(UnknownModelError) as caught:
        catalog.find("gpt-5")
    assert isinstance(caught.value, ModelError)
    assert (
        str(caught.value) == f"model 'gpt-5' is not in the catalogue. Known models: {', '.join(catalog.model_ids())}."
    )
    assert caught.value.known == catalog.model_ids()


def test_a_model_that_was_added_is_found_and_wins_over_the_catalogue_s():
    own = replace(catalog.SMOLLM2, model_id="me/mine")
    newer = replace(catalog.SMOLLM2, revision="0" * 40)
    added = {own.model_id: own, newer.model_id: newer}
    assert catalog.find("me/mine", added=added) is own
    assert catalog.find(catalog.SMOLLM2.model_id, added=added) is newer
    with pytest.raises(UnknownModelError) as caught:
        catalog.find("gpt-5", added=added)
    assert caught.value.known == (*catalog.model_ids(), "me/mine")
