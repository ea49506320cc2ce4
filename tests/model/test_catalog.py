import pytest

from model import catalog
from model.errors import ModelError, UnknownModelError


def test_the_book_s_model_is_the_cloud_default_and_comes_first():
    assert catalog.model_ids()[0] == "mlabonne/TwinLlama-3.1-8B-DPO"


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_a_model_is_found_by_its_own_id(model_id):
    assert catalog.find(model_id).model_id == model_id


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_the_parameters_are_those_of_a_llama_of_that_shape(model_id):
    """Embeddings, attention, MLP and norms add up; the MLP's width is not in a spec, so it is Llama's and SmolLM2's."""
    spec = catalog.find(model_id)
    intermediate = {4096: 14_336, 576: 1536}[spec.hidden_size]
    attention = 2 * spec.hidden_size * spec.head_dim * (spec.attention_heads + spec.kv_heads)
    layer = attention + 3 * spec.hidden_size * intermediate + 2 * spec.hidden_size
    embeddings = spec.vocab_size * spec.hidden_size * (1 if spec.tied_embeddings else 2)
    assert spec.parameters == spec.layers * layer + embeddings + spec.hidden_size


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_heads_span_the_residual_stream(model_id):
    spec = catalog.find(model_id)
    assert spec.attention_heads * spec.head_dim == spec.hidden_size


def test_an_unknown_model_is_refused_with_what_is_known():
    with pytest.raises(UnknownModelError) as caught:
        catalog.find("gpt-5")
    assert isinstance(caught.value, ModelError)
    assert (
        str(caught.value) == f"model 'gpt-5' is not in the catalogue. Known models: {', '.join(catalog.model_ids())}."
    )
    assert caught.value.known == catalog.model_ids()
