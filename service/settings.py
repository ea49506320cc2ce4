"""What can be set from outside, as `TWIN_SERVICE_<NAME>` environment variables; unsafe values are refused here.

This module makes nothing: the composition root (app.py) reads the values.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.prompting import PromptStyle
from service.errors import SettingsError
from service.traces import traces_problem

PREFIX = "TWIN_SERVICE_"
DEFAULT_ENDPOINT_STACK = "llm-twin-local-endpoint"

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=1024)]


class Settings(BaseSettings):
    """One deployment of the service.

    Attributes:
        host: address to listen on.
        port: 0 takes a free one.
        trusted_proxies: whose X-Forwarded-* headers count, comma-separated addresses or networks; `*` for all.
        endpoint_stack: the CloudFormation stack whose outputs say where the LLM is. At most one of the three is set;
            with none, the stack of stage `local` is taken.
        endpoint_ssm_path: the SSM path with the same values.
        endpoint_outputs_file: the file that `cdk deploy --outputs-file` wrote.
        store: the passages' folder, or an `s3://bucket/prefix`.
        spool_folder: where documents wait for their ingest. On a lasting disk they survive a crash.
        prompt_style: how the deployed model reads an instruction. Not set: `alpaca` for the book's TwinLlama models,
            which were trained on that template, `chat` for any other.
        understand: have the LLM read filters and other wordings out of each question before it is searched.
        understand_timeout_s: how long a question may wait for that.
        embedder_weights: an ONNX sentence encoder; with its tokenizer. Not set: the packaged all-MiniLM-L6-v2.
        embedder_tokenizer: its `tokenizer.json`.
        embedder_max_tokens: its window.
        embedder_pooling: how it was trained to be read.
        embedder_query_prefix: what it was trained to see before a question.
        embedder_passage_prefix: what it was trained to see before a passage.
        reranker_weights: an ONNX cross-encoder; with its tokenizer. Not set: none, the fusion's order stands.
        reranker_tokenizer: its `tokenizer.json`.
        api_keys: the keys' JSON (see api_keys.py), as a container platform injects a secret. At most one of the three.
        api_keys_file: a file with that JSON; read again when it changes.
        api_keys_secret: name or ARN of the Secrets Manager secret with that JSON; read again regularly.
        api_keys_refresh_s: how often file or secret are looked at for rotated keys.
        allow_no_keys: serve everybody who reaches the port. Only on a loopback address.
        passages: how many are retrieved for an answer whose caller does not say; the fewer, the sooner its first token.
        max_answers: answers generated at once; beyond it callers get 429.
        max_searches: searches at once; beyond it callers get 429.
        max_body_bytes: of a JSON request.
        max_upload_bytes: of one upload of documents, all files together.
        max_upload_files: files of one upload.
        max_waiting_jobs: ingests that wait; beyond it uploads get 429.
        max_new_tokens: the longest answer.
        answer_timeout_s: for one whole answer.
        body_timeout_s: the longest silence while a request's body is read.
        readiness_ttl_s: how long a readiness check's result is used.
        log_level: of what is logged.
        log_prompts: write questions and answers to the log. Off, because they are the callers' words.
        traces: export OpenTelemetry traces, as the OTEL_* variables say; needs the extra `telemetry`.
        cors_origins: origins whose pages may call the API; none by default.
        keep_alive_s: how long an idle connection is kept. A load balancer in front has to be the first to close one, or
            it would send a request into a closing one; those of AWS keep theirs for 60 s unless told otherwise.
        shutdown_grace_s: how long running answers may go on after SIGTERM.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    trusted_proxies: str = "127.0.0.1"

    endpoint_stack: str | None = None
    endpoint_ssm_path: str | None = None
    endpoint_outputs_file: Path | None = None

    store: str = ".twin/knowledge"
    spool_folder: Path = Path(".twin/spool")

    prompt_style: PromptStyle | None = None
    understand: bool = True
    understand_timeout_s: Seconds = 5.0
    embedder_weights: Path | None = None
    embedder_tokenizer: Path | None = None
    embedder_max_tokens: Annotated[int, Field(ge=16, le=8192)] = 256
    embedder_pooling: Literal["mean", "first"] = "mean"
    embedder_query_prefix: str = ""
    embedder_passage_prefix: str = ""
    reranker_weights: Path | None = None
    reranker_tokenizer: Path | None = None

    api_keys: SecretStr | None = None
    api_keys_file: Path | None = None
    api_keys_secret: str | None = None
    api_keys_refresh_s: Seconds = 60.0
    allow_no_keys: bool = False

    passages: Annotated[int, Field(ge=1, le=50)] = 8
    max_answers: Count = 16
    max_searches: Count = 16
    max_body_bytes: Bytes = 256 * 1024
    max_upload_bytes: Bytes = 64 * 1024 * 1024
    max_upload_files: Count = 1000
    max_waiting_jobs: Count = 8
    max_new_tokens: Annotated[int, Field(ge=1, le=8192)] = 512
    answer_timeout_s: Seconds = 300.0
    body_timeout_s: Seconds = 30.0
    readiness_ttl_s: Seconds = 10.0

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_prompts: bool = False
    traces: bool = False
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    keep_alive_s: Seconds = 75.0
    shutdown_grace_s: Seconds = 30.0

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2 or "*" in origin:
                raise ValueError(
                    f"{origin!r} is no origin; allowed: scheme and host as https://example.com, no wildcard."
                )
        return origins

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        for names in (
            ("endpoint_stack", "endpoint_ssm_path", "endpoint_outputs_file"),
            ("api_keys", "api_keys_file", "api_keys_secret"),
        ):
            given = [name for name in names if getattr(self, name) is not None]
            if len(given) > 1:
                raise ValueError(f"{' and '.join(given)} are both set; allowed: at most one of {', '.join(names)}.")
        for model in ("embedder", "reranker"):
            if (getattr(self, f"{model}_weights") is None) != (getattr(self, f"{model}_tokenizer") is None):
                raise ValueError(f"one of {model}_weights and {model}_tokenizer is set; allowed: both or none.")
        if self.allow_no_keys and self.has_keys:
            raise ValueError("allow_no_keys is set beside API keys; allowed: one of the two.")
        if self.allow_no_keys and not self.is_loopback:
            raise ValueError(
                f"allow_no_keys is set and host is {self.host!r}; without keys only a loopback address is allowed "
                "(127.0.0.1, ::1 or localhost)."
            )
        if not self.allow_no_keys and not self.has_keys:
            raise ValueError(
                "there are no API keys; set one of api_keys, api_keys_file and api_keys_secret (make a key with "
                "`python -m service.new_key`), or, on a loopback address only, allow_no_keys=true."
            )
        return self

    @property
    def has_keys(self) -> bool:
        """Whether callers need a key."""
        return not (self.api_keys is None and self.api_keys_file is None and self.api_keys_secret is None)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the port."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """Return the variables with our prefix that set nothing: a misspelt name would otherwise be silently ignored."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    return sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)


def read_settings(**given: Any) -> Settings:
    """Return the settings: those that are given, and the process's variables for the rest.

    Raises:
        SettingsError: a value is not allowed, or a variable TWIN_SERVICE_* sets nothing.
    """
    unknown = unknown_names(os.environ)
    if unknown:
        known = ", ".join(sorted(f"{PREFIX}{name}".upper() for name in Settings.model_fields))
        raise SettingsError([f"There is no setting {', '.join(unknown)}; there are: {known}."])
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError([_told(one["loc"], one["msg"]) for one in error.errors()]) from error
    problem = traces_problem(os.environ) if settings.traces else ""
    if problem:
        raise SettingsError([f"{PREFIX}TRACES is set, and {problem}"])
    return settings


def _told(place: tuple[int | str, ...], message: str) -> str:
    reason = message.removeprefix("Value error, ")
    name = f"{PREFIX}{'_'.join(map(str, place))}".upper() if place else "Settings"
    return f"{name}: {reason}"
