"""The model's tokens: the bytes each stands for, and which of them are control tokens.

It does not tokenize: that is llama.cpp's work (engine.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, cast

from local.llama.gguf import Value

# tokenizer.ggml.token_type of the GGUF format.
_UNKNOWN: Final = 2
_CONTROL: Final = 3
_USER_DEFINED: Final = 4
_BYTE: Final = 6
_WORD_START: Final = "\u2581"


@dataclass(frozen=True)
class Vocabulary:
    """What the ids mean.

    Attributes:
        model: how the vocabulary is written: `gpt2` (bytes as letters) or `llama` (words and bytes).
        entries: the written form of every token, by id, in UTF-8.
        kinds: the kind of every token, by id.
        eos_id: the token that ends an answer.
    """

    model: str
    entries: Sequence[bytes] = field(repr=False)
    kinds: Sequence[int] = field(repr=False)
    eos_id: int

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Value]) -> "Vocabulary":
        """Take it out of a GGUF file's metadata."""
        entries = cast(Sequence[bytes], metadata["tokenizer.ggml.tokens"])
        return cls(
            model=str(metadata["tokenizer.ggml.model"]),
            entries=entries,
            kinds=cast(Sequence[int], metadata.get("tokenizer.ggml.token_type", [1] * len(entries))),
            eos_id=int(cast(int, metadata.get("tokenizer.ggml.eos_token_id", 0))),
        )

    def is_special(self, token_id: int) -> bool:
        """Whether it is a control token: it steers the model and never shows in the text."""
        return self.kinds[token_id] in {_UNKNOWN, _CONTROL}

    def data(self, token_id: int) -> bytes:
        """Return the bytes that a token stands for; they may be a part of a character."""
        entry, kind = self.entries[token_id], self.kinds[token_id]
        if kind in {_UNKNOWN, _CONTROL, _USER_DEFINED}:
            return entry
        if kind == _BYTE:
            return bytes([int(entry[1:-1], base=16)])  # written <0x0A>
        if self.model == "gpt2":
            letters = _bytes_of_letters()
            return bytes(letters[letter] for letter in entry.decode() if letter in letters)
        return entry.decode().replace(_WORD_START, " ").encode()

    def text(self, token_id: int) -> str:
        """Return a token's text; what is no whole character becomes U+FFFD."""
        return self.data(token_id).decode(errors="replace")

    @cached_property
    def control_id(self) -> int | None:
        """A control token that does not end an answer: no grammar ever allows it."""
        return next((i for i, kind in enumerate(self.kinds) if kind == _CONTROL and not self._may_end(i)), None)

    def split(self, data: bytes, *, count: int, last_id: int) -> tuple[int, ...]:
        """Return `count` ids whose bytes make up `data`, the last of them given.

        llama.cpp reports a character that took several tokens with its last token only. The bytes and the number of
        tokens say which ones came before; of several possibilities the one with the longest tokens is returned.

        Returns:
            The ids; without the first ones (at worst only `last_id`) when no such tokens exist.
        """
        tail = self.data(last_id)
        if not data.endswith(tail):
            return (last_id,)
        head = data[: len(data) - len(tail)]
        return (*next(self._splits(head, count - 1), ()), last_id)

    def _splits(self, data: bytes, count: int) -> Iterator[tuple[int, ...]]:
        if count <= 0 or not data:
            if count == 0 and not data:
                yield ()
            return
        for end in range(len(data) - count + 1, 0, -1):
            first = self._id_of_data.get(data[:end])
            if first is not None:
                for rest in self._splits(data[end:], count - 1):
                    yield (first, *rest)

    @cached_property
    def _id_of_data(self) -> dict[bytes, int]:
        return {self.data(i): i for i in range(len(self.entries)) if not self.is_special(i)}

    def _may_end(self, token_id: int) -> bool:
        return token_id == self.eos_id or any(
            word in self.entries[token_id] for word in (b"end", b"eot", b"eom", b"/s")
        )


@lru_cache(maxsize=1)
def _bytes_of_letters() -> Mapping[str, int]:
    """Return the letter that GPT-2's byte-level vocabulary writes for each byte.

    Printable Latin-1 stands for itself, the other bytes for the letters from U+0100 on
    (https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode).
    """
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}
