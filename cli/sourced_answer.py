"""An answer made from the knowledge, on the terminal: tokens as they come, its sources after it."""

import sys
from contextlib import aclosing

from cli.errors import UsageError
from cli.knowledge import open_knowledge
from cli.progress import Progress
from cli.shown_sources import show_sources
from rag.answer import Answer, Done, StageBegun, TextMade
from service.adapters import deployed_adapter
from service.answering import make_answerer, make_understander
from service.endpoint import Endpoint, client_options, endpoint_finder
from service.errors import InvalidRequestError
from service.generator import EndpointGenerator
from service.settings import Settings
from service.wire.rag import RagAnswer


async def print_sourced_answer(
    settings: Settings, question: str, *, max_new_tokens: int, adapter: str | None, progress: Progress
) -> Answer:
    """Retrieve, ask, print.

    Raises:
        UsageError: the endpoint has no such adapter.
        RagError: the store cannot be searched, or the model did not finish; what it wrote is printed by then.
        InferenceClientError: nothing is deployed, or AWS cannot be asked.
    """
    endpoint = Endpoint(find=endpoint_finder(settings), options=client_options(settings))
    with open_knowledge(settings) as knowledge:
        await endpoint.open()
        try:
            generator = EndpointGenerator(endpoint)
            answerer = make_answerer(
                settings,
                endpoint=endpoint,
                generator=generator,
                retriever=knowledge.retriever,
                understander=make_understander(settings, endpoint=endpoint, generator=generator, store=knowledge.store),
                adapter=_deployed(adapter, endpoint),
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
    shown = RagAnswer.of(answer, request_id="").model_dump(mode="json")
    show_sources(shown, progress)
    return answer


def _deployed(adapter: str | None, endpoint: Endpoint) -> str | None:
    try:
        return deployed_adapter(adapter, endpoint.address)
    except InvalidRequestError as error:
        raise UsageError(str(error), advice="Name one of those, or leave --adapter out.") from error
