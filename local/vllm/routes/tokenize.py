"""/tokenize and /detokenize (vllm/entrypoints/serve/tokenize)."""

from starlette.responses import Response

from local.vllm.errors import BadRequestError, in_vllm_words
from local.vllm.messages import read_messages
from local.vllm.requests import DetokenizeRequest, TokenizeRequest
from local.vllm.routes.service import Service, respond_json


async def answer_tokenize(service: Service, request: TokenizeRequest) -> Response:
    """Answer with the tokens of a text or of a conversation."""
    service.models.find(request.model)
    engine, text, of_chat = service.inference.engine, request.prompt, False
    with in_vllm_words():
        if text is None:
            if request.messages is None:
                raise BadRequestError("Either `prompt` or `messages` must be given.")
            text, of_chat = await engine.apply_template(read_messages(request.messages), variables={}), True
        add = not of_chat if request.add_special_tokens is None else request.add_special_tokens
        pieces = await engine.tokenize(text, add_special_tokens=add)
    strings = [piece.data.decode(errors="replace") for piece in pieces] if request.return_token_strs else None
    return respond_json(
        {
            "count": len(pieces),
            "max_model_len": service.models.max_model_len,
            "tokens": [piece.id for piece in pieces],
            "token_strs": strings,
        }
    )


async def answer_detokenize(service: Service, request: DetokenizeRequest) -> Response:
    """Answer with the text of tokens."""
    service.models.find(request.model)
    engine = service.inference.engine
    if request.tokens and (beyond := max(request.tokens)) >= engine.vocabulary_size:
        raise BadRequestError(f"Token id {beyond} is out of vocabulary", param="tokens")
    return respond_json({"prompt": engine.detokenize(request.tokens)})
