import asyncio
import time

import numpy as np
import pytest

from rag.adapters.model_files import ModelFiles, checked, packaged_minilm
from rag.adapters.onnx_embedder import OnnxEmbedder, Pooling
from rag.adapters.onnx_reranker import OnnxReranker
from rag.errors import ModelFileError

pytestmark = pytest.mark.anyio


async def test_vectors_have_length_one_and_their_order_is_that_of_the_texts(minilm):
    texts = ["a cat", "quantum field theory " * 40, "a kitten", "", "the stock market fell"]
    rows = await minilm.embed_passages(texts)
    assert rows.shape == (5, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[2] > 0.6 > rows[0] @ rows[4]


async def test_a_vector_does_not_depend_on_what_is_computed_beside_it(minilm):
    texts = ["a cat", "quantum field theory " * 40, "the stock market fell", "short"] * 3
    together = await minilm.embed_passages(texts)
    alone = np.stack([(await minilm.embed_queries([text]))[0] for text in texts])
    assert np.abs(together - alone).max() < 1e-4


async def test_what_lies_beyond_the_window_is_not_read(minilm):
    window = minilm.identity.window_tokens
    inside = "word " * window
    assert minilm.count_tokens([inside]) == [window]
    rows = await minilm.embed_passages([inside, inside + "something else entirely"])
    assert np.allclose(rows[0], rows[1])


async def test_tokens_start_where_they_start(minilm):
    text = "Größe: \U0001f600 unbelievable"
    starts = minilm.token_starts(text)
    assert starts == sorted(starts)
    assert text[starts[-1] :].strip() in text
    assert len(starts) == minilm.count_tokens([text])[0]


async def test_the_event_loop_runs_on_while_passages_are_embedded_and_a_question_is_not_kept_waiting(minilm):
    ingest = asyncio.create_task(minilm.embed_passages(["scaling copies to zero " * 60] * 24))
    await asyncio.sleep(0.01)
    started = time.monotonic()
    await minilm.embed_queries(["a question"])
    assert not ingest.done()
    assert time.monotonic() - started < 1
    assert len(await ingest) == 24


async def test_another_way_of_reading_is_another_identity(minilm):
    files = packaged_minilm()
    other = OnnxEmbedder(files, pooling=Pooling.FIRST, query_prefix="query: ", threads=1)
    assert other.identity != minilm.identity
    assert other.identity.fingerprint == minilm.identity.fingerprint
    other.close()


def test_a_wrong_file_is_named_with_both_hashes(tmp_path):
    files = packaged_minilm()
    with pytest.raises(ModelFileError, match=f"has SHA-256 .* The one that was checked has {'0' * 64}"):
        checked(name="m", weights=files.weights, tokenizer=files.tokenizer, weights_sha256="0" * 64)
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        checked(name="m", weights=tmp_path / "none.onnx", tokenizer=files.tokenizer)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        OnnxEmbedder(checked(name="m", weights=broken, tokenizer=files.tokenizer))


async def test_a_cross_encoder_scores_pairs_in_the_order_of_the_texts(cross_encoder):
    reranker = OnnxReranker(cross_encoder)
    scores = await reranker.score("ab", ["x", "xxx xxx xxx", "xx xx"])
    assert scores[0] < scores[2] < scores[1]
    again = await reranker.score("ab", ["xx xx", "x"])
    assert again == [scores[2], scores[0]]
    reranker.close()


def test_a_model_that_is_no_cross_encoder_is_refused():
    with pytest.raises(ModelFileError, match=r"a result of shape \(1, \d+, 384\)"):
        OnnxReranker(packaged_minilm())


@pytest.fixture
def cross_encoder(tmp_path):
    """A real ONNX graph of one sum: the smallest thing with the shape of a cross-encoder."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto
    ids = helper.make_tensor_value_info("input_ids", kind.INT64, ["batch", "sequence"])
    score = helper.make_tensor_value_info("logits", kind.FLOAT, ["batch", 1])
    axes = helper.make_tensor("axes", kind.INT64, [1], [1])
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["numbers"], to=kind.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "axes"], ["logits"], keepdims=1),
    ]
    graph = helper.make_graph(nodes, "sum", [ids], [score], initializer=[axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "cross.onnx"
    path.write_bytes(model.SerializeToString())
    return ModelFiles(name="sum", weights=path, weights_sha256="", tokenizer=packaged_minilm().tokenizer)
