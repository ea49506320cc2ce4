"""The body of /v1/completions and one of the forms of /invocations (router/src/lib.rs, v3.3)."""

from dataclasses import dataclass
from typing import Any

from local.tgi.errors import BatchSizeError, SuffixError
from local.tgi.fields import DeserializeError, Fields, boolean, float32, string, strings, uint32, uint64
from local.tgi.generate_request import GenerateParameters, GenerateRequest


@dataclass(frozen=True, kw_only=True)
class CompletionRequest:
    """One or more prompts and how to go on from them.

    Attributes:
        prompts: at least one.
        parameters: the same for all.
        stream: whether tokens are wanted as they come.
        has_suffix: whether text was to follow the answer.
    """

    prompts: tuple[str, ...]
    parameters: GenerateParameters
    stream: bool
    has_suffix: bool

    @classmethod
    def read(cls, body: Any) -> "CompletionRequest":
        """Read it from JSON.

        Raises:
            DeserializeError: a field is missing or of another type.
        """
        fields = Fields(body, struct="CompletionRequest")
        temperature = fields.optional("temperature", float32)
        return cls(
            prompts=fields.required("prompt", _read_prompts),
            stream=fields.default("stream", boolean, default=False),
            has_suffix=fields.optional("suffix", string) is not None,
            parameters=GenerateParameters(
                do_sample=temperature != 0.0,
                temperature=None if temperature == 0.0 else temperature,
                repetition_penalty=fields.optional("repetition_penalty", float32),
                frequency_penalty=fields.optional("frequency_penalty", float32),
                top_p=fields.optional("top_p", float32),
                max_new_tokens=fields.optional("max_tokens", uint32),
                stop=fields.optional("stop", strings) or (),
                seed=fields.optional("seed", uint64),
                details=True,
                adapter_id=fields.optional("model", string),
            ),
        )

    def check(self, *, max_client_batch_size: int) -> None:
        """Refuse what TGI does not serve.

        Raises:
            SuffixError: there is a suffix.
            BatchSizeError: there are too many prompts.
        """
        if self.has_suffix:
            raise SuffixError
        if len(self.prompts) > max_client_batch_size:
            raise BatchSizeError(str(max_client_batch_size))

    def generate_requests(self) -> tuple[GenerateRequest, ...]:
        """Return the generation of each prompt."""
        return tuple(GenerateRequest(inputs=prompt, parameters=self.parameters) for prompt in self.prompts)


def _read_prompts(value: Any, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if value == []:
        raise DeserializeError("Empty array detected. Do not use an empty array for the prompt.", path=path)
    try:
        return strings(value, path)
    except DeserializeError:
        raise DeserializeError(
            "data did not match any variant of untagged enum PromptDeserializer", path=path
        ) from None
