import pytest

from rag.feedback import fed_back_query, feedback_words


def test_words_that_several_passages_use_are_given_most_frequent_first():
    texts = ["Yeast raises dough. Yeast needs warmth.", "A dough with yeast rests.", "The oven is hot."]
    assert feedback_words(texts, number=9) == ["yeast", "dough"]
    assert feedback_words(texts, number=1) == ["yeast"]


def test_forms_of_a_word_count_as_one_and_empty_words_do_not_count():
    assert feedback_words(["the copies scale", "the copy scaled"], number=9) == ["copies", "scale"]


def test_a_long_passage_counts_no_more_than_a_short_one():
    texts = ["flour " * 50 + "salt", "salt", "flour salt"]
    assert feedback_words(texts, number=1) == ["salt"]


@pytest.mark.parametrize("weight", [0.25, 0.5, 1.0])
def test_the_questions_own_words_are_said_as_often_as_their_weight_asks(weight):
    own = "sourdough bread"
    words = fed_back_query(own, ["x", "y", "z", "w"], weight=weight).split()
    times = words.count("bread")
    assert words.count("sourdough") == times
    assert 4 / (2 * times) == pytest.approx(weight)


def test_of_a_long_question_the_further_words_are_repeated_instead():
    words = fed_back_query(" ".join(f"word{i}" for i in range(40)), ["x", "y"], weight=0.5).split()
    assert words.count("word7") == 1
    assert words.count("x") == words.count("y") == 10


def test_a_pasted_page_is_cut():
    assert len(fed_back_query("word " * 9000, ["x", "y"], weight=0.5).split()) < 512


@pytest.mark.parametrize(("question", "words"), [("the of and", ["x"]), ("bread", [])])
def test_a_question_without_words_or_feedback_stays_as_it_is(question, words):
    assert fed_back_query(question, words, weight=1.0) == question
