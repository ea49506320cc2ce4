"""An answer made from the knowledge, on the terminal: tokens as they come, its sources after it."""

import sys
from contextlib import aclosing

from cli.commands.search import name_of
from cli.knowledge import open_knowledge
from cli.progress import Progress
from rag.answer import Answer, Done, StageBegun, TextMade
from rag.understanding import Understander
from service.answering import make_answerer
from service.endpoint import Endpoint, client_options, endpoint_finder, prompt_style
from service.generator import EndpointGenerator
from service.settings import Settings


async def print_sourced_answer(settings: Settings, question: str, *, max_new_tokens: int, progress: Progress) -> Answer:
    """Retrieve, ask, print.

    Raises:
        RagError: the store cannot be searched, or the model did not finish; what it wrote is printed by then.
        InferenceClientError: nothing is deployed, or AWS cannot be asked.
    """
    endpoint = Endpoint(find=endpoint_finder(settings), options=client_options(settings))
    with open_knowledge(settings) as knowledge:
        await endpoint.open()
        try:
            generator = EndpointGenerator(endpoint)
            understander = Understander(
                generator=generator,
                store=knowledge.store,
                style=prompt_style(settings, endpoint.address),
                timeout_s=settings.understand_timeout_s,
            )
            answerer = make_answerer(
                settings,
                endpoint=endpoint,
                generator=generator,
                retriever=knowledge.retriever,
                understander=understander if settings.understand else None,
            )
            async with aclosing(answerer.stream(question, max_new_tokens=max_new_tokens)) as events:
                async for event in events:
                    if isinstance(event, StageBegun):
                        progress.say(f"  … {event.stage}")
                    elif isinstance(event, TextMade):
                        sys.stdout.write(event.text)
                        sys.stdout.flush()
                    elif isinstance(event, Done):
                        answer = event.answer
        finally:
            await endpoint.aclose()
    sys.stdout.write("\n")
    sys.stdout.flush()
    describe(answer, progress)
    return answer


def describe(answer: Answer, progress: Progress) -> None:
    """Say where an answer comes from, and how long its stages took."""
    for source in answer.sources:
        mark = "*" if source.number in answer.cited else " "
        progress.say(f"{mark}[{source.number}] {name_of(source.retrieved)}")
    for note in answer.notes:
        progress.say(f"note: {note}")
    spent = ", ".join(f"{stage} {spent_ms / 1000:.2f} s" for stage, spent_ms in answer.timings_ms.items())
    progress.say(f"{answer.finish_reason} · {spent}")
