"""The messages of a conversation as a text model's chat template takes them (vllm/entrypoints/chat_utils.py)."""

from collections.abc import Mapping, Sequence
from typing import Any

from local.vllm.errors import BadRequestError, InvalidBodyError
from local.vllm.requests import ChatRequest


def read_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return role and text of each.

    Raises:
        InvalidBodyError: a message without a role, or with a content that is neither text nor parts.
        BadRequestError: an image, a sound, or another part that only other models take.
    """
    return [_read_message(index, message) for index, message in enumerate(messages)]


def check_tools(chat: ChatRequest) -> None:
    """Refuse tools, as vLLM does where it was not started with a parser of tool calls.

    Raises:
        BadRequestError: there are some, and the model may use them.
    """
    if not chat.tools or chat.tool_choice == "none":
        return
    if chat.tool_choice in {None, "auto"}:
        raise BadRequestError(
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
            param="tool_choice",
        )
    raise BadRequestError("this server runs in place of vLLM and calls no tools; leave `tools` out", param="tools")


def _read_message(index: int, message: Mapping[str, Any]) -> dict[str, str]:
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str):
        raise InvalidBodyError(f"messages[{index}].role: Field required", param="messages")
    if content is None:
        content = ""
    if isinstance(content, list):
        content = "\n".join(_read_part(part) for part in content)
    if not isinstance(content, str):
        raise InvalidBodyError(f"messages[{index}].content: Input should be a valid string or list", param="messages")
    return {"role": role, "content": content}


def _read_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get("text") if isinstance(part, dict) else None
    if kind in {"text", "input_text", "refusal"} and isinstance(text, str):
        return text
    if kind in {"image_url", "input_audio", "audio_url", "video_url"}:
        modality = str(kind).removeprefix("input_").removesuffix("_url")
        raise BadRequestError(f"At most 0 {modality}(s) may be provided in one prompt.", param="messages")
    raise BadRequestError(f"Unknown part type: {kind}", param="messages")
