"""What a question asks for beside its words: an author, a category, a time; and how else it could be put.

One call of the language model, held to a JSON schema by its grammar. The answer to a question never depends on it: if
the model is slow, down or talks nonsense, retrieval goes on with the question as it is, and the answer says so. What
the model says is believed only where the store has the value and the question names it: a small model fills every
field.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rag.errors import GenerationError, InvalidFilterError, StoreError
from rag.filters import Facets, Filters
from rag.prompting import PromptStyle, instruction
from rag.protocols import Generator, PassageStore
from rag.quoting import quote, quote_label
from rag.words import content_words

MAX_EXPANSIONS = 2
_MAX_EXPANSION_CHARACTERS = 200
_MAX_NEW_TOKENS = 160
# A grammar lists every author it may name: with more than this the list costs more than it helps.
_MAX_LISTED = 50
_TIME = re.compile(
    r"\b(?:1[89]\d\d|2[01]\d\d|jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec|today|yesterday|week|month|year|since|"
    r"before|after|until|recent|latest|last|ago)",
    re.IGNORECASE,
)
_CATEGORY_WORDS = {
    "post": frozenset({"post", "posts", "posted", "linkedin", "tweet"}),
    "article": frozenset({"article", "articles", "blog", "essay", "newsletter", "medium", "substack"}),
    "repository": frozenset({"repository", "repositories", "repo", "repos", "code", "github", "project"}),
}

_TASK = """A search engine holds texts of these authors: {authors}.
Their categories are: {categories}. Today is {today}.

Question: {question}

Say as JSON which author, which category and which dates the question asks for (null where it names none), and put the \
question in {expansions} other ways as search queries."""


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What was read out of a question.

    Attributes:
        filters: conditions that the question names and the store can meet.
        expansions: other wordings.
        problem: why nothing was read, as a sentence for a person; empty where all went well.
    """

    filters: Filters = field(default_factory=Filters)
    expansions: tuple[str, ...] = ()
    problem: str = ""


class Understander:
    """Reads questions with the language model."""

    def __init__(
        self,
        *,
        generator: Generator,
        store: PassageStore,
        style: PromptStyle,
        timeout_s: float = 5.0,
        expansions: int = MAX_EXPANSIONS,
    ) -> None:
        """Wire it up.

        Args:
            generator: the language model.
            store: whose values filters may have.
            style: the model's.
            timeout_s: how long a question may wait for being understood.
            expansions: how many other wordings are asked for.
        """
        self._generator = generator
        self._store = store
        self._style = style
        self._timeout_s = timeout_s
        self._expansions = expansions

    async def understand(self, question: str, *, today: date | None = None) -> Understanding:
        """Read a question. Never fails: what goes wrong is in the result.

        Args:
            question: what is asked.
            today: what "last year" counts from; the system's date where not given.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                facets = await self._store.facets()
                completion = await self._generator.generate(
                    instruction(self._task(question, facets, today or date.today()), style=self._style),
                    max_new_tokens=_MAX_NEW_TOKENS,
                    timeout_s=self._timeout_s,
                    json_schema=schema(facets, self._expansions),
                )
            return read(completion.text, question, facets, max_expansions=self._expansions)
        except TimeoutError:
            return _problem(f"the language model did not answer within {self._timeout_s:g} s")
        except GenerationError as error:
            return _problem(f"the language model failed: {error.problem.rstrip('.')}")
        except StoreError:
            raise
        except (ValueError, TypeError, KeyError, InvalidFilterError):
            return _problem("the language model answered nonsense")

    def _task(self, question: str, facets: Facets, today: date) -> str:
        return _TASK.format(
            authors="; ".join(map(quote_label, facets.authors[:_MAX_LISTED])) or "unknown",
            categories="; ".join(map(quote_label, facets.categories[:_MAX_LISTED])) or "unknown",
            today=today.isoformat(),
            question=quote(question),
            expansions=self._expansions,
        )


def schema(facets: Facets, expansions: int) -> Mapping[str, object]:
    """Return the JSON schema of what the model may say."""
    day = {"anyOf": [{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, {"type": "null"}]}
    return {
        "type": "object",
        "properties": {
            "author": _one_of(facets.authors),
            "category": _one_of(facets.categories),
            "date_from": day,
            "date_to": day,
            "queries": {
                "type": "array",
                "items": {"type": "string", "maxLength": _MAX_EXPANSION_CHARACTERS},
                "minItems": expansions,
                "maxItems": expansions,
            },
        },
        "required": ["author", "category", "date_from", "date_to", "queries"],
        "additionalProperties": False,
    }


def _one_of(values: tuple[str, ...]) -> dict[str, object]:
    return {"enum": [*values[:_MAX_LISTED], None]}


def read(text: str, question: str, facets: Facets, *, max_expansions: int) -> Understanding:
    """Read the model's JSON, and believe what can be believed.

    Raises:
        ValueError: it is no JSON object, or a date in it is none.
        InvalidFilterError: its dates contradict each other.
    """
    said = json.loads(text)
    if not isinstance(said, dict):
        raise TypeError("not an object")
    words = frozenset(re.findall(r"[^\W_]+", question.casefold()))
    author, category = said.get("author"), said.get("category")
    has_time = bool(_TIME.search(question))
    filters = Filters(
        author=author if isinstance(author, str) and words & set(author.casefold().split()) else None,
        category=category if isinstance(category, str) and _names_category(words, category) else None,
        date_from=_day(said.get("date_from")) if has_time else None,
        date_to=_day(said.get("date_to")) if has_time else None,
    )
    queries = said.get("queries")
    return Understanding(
        filters=facets.resolve(filters),
        expansions=_expansions(queries if isinstance(queries, list) else [], question)[:max_expansions],
    )


def _names_category(words: frozenset[str], category: str) -> bool:
    known = _CATEGORY_WORDS.get(category, frozenset({category, f"{category}s"}))
    return bool(words & known)


def _day(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def _expansions(queries: list[object], question: str) -> tuple[str, ...]:
    """Return the queries that say something and are not the question again."""
    kept: dict[frozenset[str], str] = {}
    for query in queries:
        if isinstance(query, str) and len(query) <= _MAX_EXPANSION_CHARACTERS:
            words = content_words(query)
            if words and words != content_words(question):
                kept.setdefault(words, " ".join(query.split()))
    return tuple(kept.values())


def _problem(reason: str) -> Understanding:
    return Understanding(problem=f"The question was searched as it stands: {reason}.")
