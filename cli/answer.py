"""An answer on the terminal: the text to standard output, its figures to standard error."""

import sys
from collections.abc import Mapping

from cli.progress import Progress
from inference_client import EndpointClient, Generation, GenerationParameters, TokenStream
from model.catalog import find
from model.errors import UnknownModelError
from model.spec import ModelSpec, PromptFormat

# The form in which the book's model was taught (LLM Engineer's Handbook, chapter 5).
ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{question}\n\n### Response:\n"
)


def open_stream(
    client: EndpointClient,
    question: str,
    *,
    max_new_tokens: int,
    added: Mapping[str, ModelSpec],
    adapter_id: str | None = None,
) -> TokenStream:
    """Ask in the form that the deployed model was taught: as a chat, or by the Alpaca template.

    Args:
        client: of the endpoint.
        question: the instruction, without a form.
        max_new_tokens: how long the answer may get.
        added: the models that the project added to the catalogue; the form of a model that neither knows is a chat.
        adapter_id: the LoRA adapter that answers; None for the model itself.
    """
    parameters = GenerationParameters(max_new_tokens=max_new_tokens, temperature=0.7, top_p=0.9, adapter_id=adapter_id)
    if find_prompt_format(client.address.model_id, added=added) is PromptFormat.ALPACA:
        return client.stream(ALPACA.replace("{question}", question), parameters=parameters)
    return client.stream_chat([{"role": "user", "content": question}], parameters=parameters)


def find_prompt_format(model_id: str | None, *, added: Mapping[str, ModelSpec]) -> PromptFormat | None:
    """The form in which a model was taught; None for one that neither the catalogue nor the project knows."""
    try:
        return find(model_id or "", added=added).prompt_format
    except UnknownModelError:
        return None


def print_answer(
    client: EndpointClient,
    question: str,
    *,
    max_new_tokens: int,
    as_it_comes: bool,
    progress: Progress,
    added: Mapping[str, ModelSpec],
    adapter_id: str | None = None,
) -> None:
    """Ask and print; with ``as_it_comes`` each token when it arrives.

    Raises:
        InferenceClientError: the endpoint refused or broke off; what had come is printed by then.
    """
    with open_stream(client, question, max_new_tokens=max_new_tokens, added=added, adapter_id=adapter_id) as stream:
        if as_it_comes:
            for event in stream:
                sys.stdout.write(event.text)
                sys.stdout.flush()
            sys.stdout.write("\n")
        else:
            with progress.step("waiting for the answer"):
                stream.read()
            sys.stdout.write(stream.text + "\n")
        sys.stdout.flush()
        progress.say(describe(stream.generation))


def describe(generation: Generation) -> str:
    """The figures of an answer, in one line."""
    usage, timings = generation.usage, generation.timings
    parts = [f"{usage.input_tokens} tokens in, {usage.generated_tokens} out ({generation.finish_reason})"]
    if timings.time_to_first_token_s is not None:
        parts.append(f"first after {timings.time_to_first_token_s:.2f} s")
    parts.append(f"last after {timings.total_s:.2f} s")
    if timings.tokens_per_s is not None:
        parts.append(f"{timings.tokens_per_s:.0f} tokens/s")
    return ", ".join(parts)
