import numpy as np
import pytest

from rag.candidates import Candidates
from rag.fusion import blend, feed_back, fuse_ranks
from rag.passage import Hits


def test_ranks_are_fused_by_their_reciprocals():
    fused = fuse_ranks([["a", "b"], ["b", "c"]])
    assert list(fused) == ["b", "a", "c"]
    assert fused["b"] == pytest.approx(1 / 62 + 1 / 61)


def test_a_ranking_of_less_weight_moves_less():
    assert list(fuse_ranks([["a", "b"], ["b", "a"]], weights=[1, 0.5])) == ["a", "b"]


def test_a_key_counts_once_in_a_ranking_and_ties_keep_their_order():
    assert fuse_ranks([["x", "x", "y"], ["y", "x"]])["x"] == pytest.approx(1 / 61 + 1 / 62)
    assert list(fuse_ranks([["q"], ["p"]])) == ["q", "p"]


def test_a_blend_weighs_how_much_better_one_is_not_only_that_it_is():
    dense = np.array([0.9, 0.2, 0.19], np.float32)
    lexical = np.array([1.0, 1.2, np.nan], np.float32)
    assert list(np.argsort(-blend(dense, lexical, dense_weight=0.7))) == [0, 1, 2]


def test_without_a_shared_word_the_vectors_decide():
    dense = np.array([0.1, 0.9], np.float32)
    assert np.array_equal(blend(dense, np.full(2, np.nan, np.float32), dense_weight=0.7), dense)


def test_equal_scores_give_no_division_by_zero():
    flat = np.full(3, 0.5, np.float32)
    assert np.array_equal(blend(flat, flat, dense_weight=0.7), np.zeros(3))


def test_feedback_moves_a_query_towards_the_best_and_keeps_its_length():
    moved = feed_back(np.array([1, 0], np.float32), np.array([[0, 1]], np.float32), weight=0.5)
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved[0] > moved[1] > 0


def hits(*found):
    ids, scores = zip(*found, strict=True) if found else ((), ())
    return Hits(keys=ids, vectors=np.array([[1, 0]] * len(ids), np.float32), scores=np.array(scores, np.float32))


def test_candidates_are_each_once_and_their_order_does_not_depend_on_the_searches():
    found = [("a", 0.5), ("b", 0.5)]
    orders = []
    for dense in (hits(*found), hits(*found[::-1])):
        candidates = Candidates.of(dense, hits(found[0]))
        assert candidates.keys == ("a", "b")
        orders.append(list(candidates.rank(np.array([1, 0], np.float32), dense_weight=0.7)))
    assert orders[0] == orders[1]


def test_no_candidates_have_an_empty_order():
    assert len(Candidates.of(hits(), hits()).rank(np.zeros(2, np.float32), dense_weight=0.7)) == 0
