"""/tokenize and /chat_tokenize: the tokens of a text, with their places in it (router/src/server.rs, v3.3)."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.responses import Response

from local.llama.engine import Piece
from local.tgi.chat_request import ChatRequest
from local.tgi.errors import in_tgi_words
from local.tgi.generate_request import GenerateRequest
from local.tgi.routes.chat import template_chat
from local.tgi.routes.service import Service, respond_json


async def answer_tokenize(service: Service, request: GenerateRequest) -> Response:
    """Answer /tokenize."""
    return respond_json(await _tokenize(service, request))


async def answer_chat_tokenize(service: Service, chat: ChatRequest) -> Response:
    """Answer /chat_tokenize."""
    request = await template_chat(service, chat)
    tokens = await _tokenize(service, request)
    return respond_json({"tokenize_response": tokens, "templated_text": request.inputs})


async def _tokenize(service: Service, request: GenerateRequest) -> list[dict[str, Any]]:
    engine = service.inference.engine
    with in_tgi_words():
        pieces = await engine.tokenize(request.inputs, add_special_tokens=request.add_special_tokens)
    return [
        {"id": piece.id, "text": request.inputs[start:stop], "start": start, "stop": stop}
        for piece, (start, stop) in zip(pieces, locate(request.inputs, pieces), strict=True)
    ]


def locate(text: str, pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Give the place of each token in a text, in characters: start and stop.

    A token that is a part of a character stands where the whole character stands. One that is not in the text, such as
    the beginning that some models expect, has an empty place.
    """
    data = text.encode()
    characters = _characters_of_bytes(text)
    at = 0
    for piece in pieces:
        # Vocabularies of words begin a text with a space that is not there.
        part = next((form for form in (piece.data, piece.data.removeprefix(b" ")) if data.startswith(form, at)), b"")
        end = at + len(part)
        yield (characters[at], characters[end - 1] + 1) if part else (characters[at], characters[at])
        at = end


def _characters_of_bytes(text: str) -> list[int]:
    """Return for each byte of a text the index of its character; one more for the end."""
    indices = [index for index, character in enumerate(text) for _ in character.encode()]
    return [*indices, len(text)]
