"""`twin model`: the models that this project can serve beside those of the catalogue."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.errors import PrerequisiteError, UsageError
from cli.project import Project
from model.added import FILE_NAME, write_added
from model.errors import HubError, ModelError
from model.hub import HUB_URL, fetch_model
from model.published_config import read_spec
from model.spec import ModelSpec, PromptFormat, check_model_id


def build_model_app() -> typer.Typer:
    """Return the commands under `twin model`."""
    app = typer.Typer(help="Add models to those that can be served by name.", no_args_is_help=True)
    app.command()(add)
    # A single command would otherwise take the place of the group.
    app.callback()(lambda: None)
    return app


def add(
    model_id: Annotated[str, typer.Argument(metavar="HUB_ID", help="The hub's id, as Qwen/Qwen3-8B.")],
    config: Annotated[Path | None, typer.Option(help="A config.json on this machine, instead of the hub's.")] = None,
    revision: Annotated[str | None, typer.Option(help="The commit; without --config also a branch or tag.")] = None,
    prompt_format: Annotated[
        PromptFormat, typer.Option(help="How the model was taught to read an instruction.")
    ] = PromptFormat.CHAT_TEMPLATE,
    gated: Annotated[bool, typer.Option("--gated", help="With --config: the hub asks for a token.")] = False,
) -> None:
    """Read a model's config.json into models.json, pinned to a commit. HF_TOKEN and HF_ENDPOINT are honoured."""
    try:
        check_model_id(model_id)
        if config is None:
            spec = _read_from_hub(model_id, revision, prompt_format)
        else:
            spec = _read_from_file(model_id, config, revision, prompt_format, gated=gated)
        file = Project.locate().root / FILE_NAME
        _write(file, spec)
    except HubError as error:
        raise (PrerequisiteError if error.retryable else UsageError)(error.problem, advice=error.remedy) from error
    except ModelError as error:
        raise UsageError(error.problem, advice=error.remedy) from error
    console = Console(stderr=True, highlight=False)
    console.print(f"{spec.model_id} @ {spec.revision}: {spec.parameters / 1e9:.2f} x 10^9 parameters, in {file.name}")
    console.print(f"next: twin plan --model {spec.model_id}")


def _write(file: Path, spec: ModelSpec) -> None:
    try:
        write_added(file, spec)
    except OSError as error:
        raise PrerequisiteError(f"{file} cannot be written: {error.strerror}.") from error


def _read_from_hub(model_id: str, revision: str | None, prompt_format: PromptFormat) -> ModelSpec:
    found = fetch_model(
        model_id,
        revision=revision,
        token=os.environ.get("HF_TOKEN"),
        hub_url=os.environ.get("HF_ENDPOINT", HUB_URL).rstrip("/"),
    )
    return read_spec(
        found.config,
        model_id=model_id,
        revision=found.revision,
        gated=found.gated,
        prompt_format=prompt_format,
    )


def _read_from_file(
    model_id: str, config: Path, revision: str | None, prompt_format: PromptFormat, *, gated: bool
) -> ModelSpec:
    if revision is None:
        raise UsageError(
            "--config needs --revision: a file does not say which commit it is of.",
            advice="The commit is on the model's page on the hub, under Files and versions: 40 hexadecimal digits.",
        )
    try:
        content: Any = json.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{config} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{config} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise UsageError(f"{config} is no config.json: it holds no object.")
    return read_spec(content, model_id=model_id, revision=revision, gated=gated, prompt_format=prompt_format)
