"""Words from the passages that seem to answer a question, to search for beside its own.

A relevance model (RM3: Lavrenko and Croft 2001, https://doi.org/10.1145/383952.383972; Abdul-Jaleel et al., TREC 2004):
the words that the best passages use most stand for the subject, and passages that speak of it in other words than the
question's are found by them. Pure arithmetic; who searches does not matter.
"""

from collections import Counter
from collections.abc import Sequence

from rag.words import count_stems

# A word of one passage alone is as likely its own as the subject's.
_MIN_PASSAGES = 2
# Beyond these a pasted page would be searched for twice.
_MAX_QUESTION_WORDS = 128


def feedback_words(texts: Sequence[str], *, number: int) -> list[str]:
    """Return the words that say most often what some texts are about, most frequent first.

    Args:
        texts: the passages that seem to answer; a long one counts no more than a short one.
        number: how many words at most.
    """
    shares: Counter[str] = Counter()
    passages: Counter[str] = Counter()
    forms: dict[str, str] = {}
    for text in texts:
        counted = count_stems(text)
        total = sum(count for _, count in counted.values())
        for stem, (form, count) in counted.items():
            shares[stem] += count / total  # type: ignore[assignment]  # a Counter takes any number
            passages[stem] += 1
            forms.setdefault(stem, form)
    ranked = sorted(shares, key=lambda stem: (-shares[stem], stem))
    return [forms[stem] for stem in ranked if passages[stem] >= _MIN_PASSAGES][:number]


def fed_back_query(question: str, words: Sequence[str], *, weight: float) -> str:
    """Return a question with further words, for a search in which a word said twice counts twice.

    Args:
        question: as it was asked; its words that say nothing are left out.
        words: from `feedback_words`.
        weight: of all further words together, against 1 for all of the question's.
    """
    own = [form for form, count in count_stems(question).values() for _ in range(count)][:_MAX_QUESTION_WORDS]
    if not own or not words:
        return question
    times = weight * len(own) / len(words)
    own_times, further_times = (1, round(times)) if times >= 1 else (round(1 / times), 1)
    return " ".join([*own * own_times, *[word for word in words for _ in range(further_times)]])
