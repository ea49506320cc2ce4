"""What reads questions and answers them, by the limits and in the prompt format of the endpoint as it is deployed."""

from rag.answering import Answerer
from rag.protocols import PassageStore
from rag.retrieval import Retriever
from rag.understanding import Understander
from rag.writing import AnswerLimits, Writer
from service.endpoint import Endpoint, prompt_style
from service.generator import EndpointGenerator
from service.settings import Settings

# For an endpoint whose outputs name no limits: TGI's smallest usual window.
_DEFAULT_MAX_INPUT_TOKENS = 1024
_DEFAULT_MAX_TOTAL_TOKENS = 2048


def make_answerer(
    settings: Settings,
    *,
    endpoint: Endpoint,
    generator: EndpointGenerator,
    retriever: Retriever,
    understander: Understander | None,
    adapter: str | None = None,
) -> Answerer:
    """Return it; it is made anew for each answer, since a deployment may change the endpoint in between.

    It writes with a LoRA adapter of the endpoint where one is named, with the base model otherwise.
    """
    address = endpoint.address
    limits = AnswerLimits(
        max_input_tokens=address.max_input_tokens or _DEFAULT_MAX_INPUT_TOKENS,
        max_total_tokens=address.max_total_tokens or _DEFAULT_MAX_TOTAL_TOKENS,
        max_new_tokens=settings.max_new_tokens,
        timeout_s=settings.answer_timeout_s,
    )
    writer = Writer(generator=generator.with_adapter(adapter), style=prompt_style(settings, address), limits=limits)
    return Answerer(retriever=retriever, writer=writer, understander=understander, passages=settings.passages)


def make_understander(
    settings: Settings, *, endpoint: Endpoint, generator: EndpointGenerator, store: PassageStore
) -> Understander | None:
    """Return what reads filters and other wordings out of a question; None where that is off."""
    if not settings.understand:
        return None
    return Understander(
        generator=generator,
        store=store,
        style=prompt_style(settings, endpoint.address),
        timeout_s=settings.understand_timeout_s,
    )
