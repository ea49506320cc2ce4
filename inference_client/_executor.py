"""The book's executor: a question, its context and a template become a prompt, and a strategy answers it."""

import re
from typing import Any

from ._failure import unexpected_answer
from ._inference import Inference
from ._settings import settings

DEFAULT_PROMPT = (
    "You are a content creator. Write what the user asked you to while using the provided context as the primary "
    "source of information for the content.\n"
    "User query: {query}\n"
    "Context: {context}"
)

_PLACEHOLDER = re.compile(r"\{(query|context)\}")


class InferenceExecutor:
    """Asks ``llm`` for what ``query`` wants.

    Args:
        llm: any strategy.
        context: what the answer should be based on.
        prompt: a template. ``{query}`` and ``{context}`` are replaced, both in one pass, so that braces anywhere else,
            in the template, the query or the context, stay as they are.
    """

    def __init__(self, llm: Inference, query: str, context: str | None = None, prompt: str | None = None) -> None:
        self.llm = llm
        self.query = query
        self.context = context or ""
        self.prompt = DEFAULT_PROMPT if prompt is None else prompt

    def execute(self) -> str:
        """Ask, and give the text of the answer.

        The parameters are the book's: max_new_tokens and temperature from ``settings``, repetition_penalty 1.1.

        Raises:
            UnexpectedAnswerError: the strategy's answer has no generated_text.
        """
        values = {"query": self.query, "context": self.context}
        self.llm.set_payload(
            inputs=_PLACEHOLDER.sub(lambda match: values[match[1]], self.prompt),
            parameters={
                "max_new_tokens": settings.MAX_NEW_TOKENS_INFERENCE,
                "repetition_penalty": 1.1,
                "temperature": settings.TEMPERATURE_INFERENCE,
            },
        )
        return _generated_text(self.llm.inference())


def _generated_text(answer: Any) -> str:
    try:
        first = answer[0] if isinstance(answer, list) else answer
        return str(first["generated_text"])
    except (KeyError, IndexError, TypeError) as error:
        raise unexpected_answer(repr(answer), expected='[{"generated_text": …}]') from error
