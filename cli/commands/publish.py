"""`twin publish`: a model's weights into S3, from where a deployment reads them without the hub and without a token."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from cli.checks.check import code_of
from cli.environment import DEFAULT_REGION
from cli.errors import CliError, PrerequisiteError, UsageError
from cli.progress import Progress
from cli.project import Project
from cli.signals import terminate_as_interrupt
from cli.target import choose_target
from cli.transfer_progress import TransferProgress, format_bytes
from model.catalog import find as find_model
from model.errors import ChecksumError, HubError, ModelError, UnknownModelError
from model.spec import check_model_id

if TYPE_CHECKING:
    from model.publish.publication import Publication, Publisher

_ATTEMPTS = 5
_RUN_AGAIN = "Run it again later: what has arrived is not sent again."
_OF_THE_SERVER = 500
_BUSY = frozenset({"SlowDown", "RequestTimeout", "ThrottlingException"})


def publish(  # noqa: PLR0917 - the options of the command
    source: Annotated[str, typer.Argument(metavar="HUB_ID|FOLDER", help="As Qwen/Qwen3-8B, or a folder of your own.")],
    to: Annotated[str, typer.Option(help="s3://BUCKET/PREFIX/; the model's id and revision follow it.")],
    revision: Annotated[str | None, typer.Option(help="Of the hub: a commit, branch or tag.")] = None,
    model_id: Annotated[str | None, typer.Option(help="Of a folder: the id to serve it under, OWNER/NAME.")] = None,
    stage: Annotated[str, typer.Option(help="Which stage the last line deploys.")] = "dev",
    token_secret: Annotated[
        str | None, typer.Option(help="A secret in Secrets Manager that holds the hub's token.")
    ] = None,
    kms_key: Annotated[str | None, typer.Option(help="The KMS key to encrypt with; default: the bucket's way.")] = None,
    create_bucket: Annotated[
        bool, typer.Option("--create-bucket", help="Make the bucket if there is none: TLS only, closed, versioned.")
    ] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Publish under PREFIX itself: it must be empty.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Copy a model's safetensors, configuration and tokenizer to S3, checked by SHA-256; run again, it does the rest.

    The hub's token is its own login (`hf auth login`, HF_TOKEN) or --token-secret; it is never shown or stored.
    """
    terminate_as_interrupt()
    project, progress = Project.locate(), Progress(quiet=as_json)
    folder = Path(source).expanduser() if _is_folder(source) else None
    _check_words(source, folder, revision=revision, model_id=model_id, token_secret=token_secret)
    choose_target(project, progress, aws=aws)
    region = os.environ.get("AWS_REGION") or boto3.Session().region_name or DEFAULT_REGION
    session = boto3.Session(region_name=region)
    try:
        # Before anything is made or asked.
        files = _list_model(folder) if folder else {}
        with TransferProgress(progress) as shown:
            publisher = _make_publisher(
                session, to=to, exact=exact, kms_key=kms_key, create=create_bucket, progress=progress, report=shown
            )
            if model_id is not None:
                done = publisher.publish_files(files, model_id)
            else:
                wanted = revision or _pinned_revision(source, project)
                token = _read_token(session, token_secret) if token_secret else None
                done = _publish_from_hub(publisher, source, revision=wanted, token=token)
    except HubError as error:
        raise (PrerequisiteError if error.retryable else UsageError)(error.problem, advice=error.remedy) from error
    except ChecksumError as error:
        raise CliError(error.problem, advice=error.remedy) from error
    except ModelError as error:
        raise UsageError(error.problem, advice=error.remedy) from error
    except (EndpointConnectionError, HTTPClientError) as error:
        raise PrerequisiteError(f"S3 was not reached, or broke off: {error}", advice=_RUN_AGAIN) from error
    except ClientError as error:
        if code_of(error) not in _BUSY and error.response["ResponseMetadata"]["HTTPStatusCode"] < _OF_THE_SERVER:
            raise
        raise PrerequisiteError(f"S3 did not take it: {error}", advice=_RUN_AGAIN) from error
    except OSError as error:
        raise UsageError(f"{error.filename or source} cannot be read: {error.strerror or error}.") from error
    _show(done, commands=_next_commands(done, folder=folder, stage=stage, project=project), as_json=as_json)


def _is_folder(source: str) -> bool:
    return source.startswith((".", "/", "~")) or source.count("/") > 1 or Path(source).expanduser().is_dir()


def _check_words(
    source: str, folder: Path | None, *, revision: str | None, model_id: str | None, token_secret: str | None
) -> None:
    """Refuse options that do not go together, before anything is asked."""
    try:
        if folder is None:
            check_model_id(source)
        elif model_id is not None:
            check_model_id(model_id)
    except ModelError as error:
        raise UsageError(error.problem, advice=error.remedy) from error
    if folder is not None and model_id is None:
        raise UsageError(
            f"{folder} is a folder, which has no id.", advice="Give the id to serve it under: --model-id OWNER/NAME."
        )
    if folder is not None and (revision or token_secret):
        raise UsageError(
            f"{folder} is a folder: --revision and --token-secret are of the hub.",
            advice="Leave them out: a folder's revision follows from its content.",
        )
    if folder is None and model_id is not None:
        raise UsageError("--model-id is of a folder: a model of the hub has its id.", advice="Leave it out.")


def _make_publisher(
    session: boto3.Session,
    *,
    to: str,
    exact: bool,
    kms_key: str | None,
    create: bool,
    progress: Progress,
    report: TransferProgress,
) -> "Publisher":
    # A second of imports that no other command needs.
    from model.publish.bucket import check_bucket, make_bucket  # noqa: PLC0415
    from model.publish.destination import parse_destination  # noqa: PLC0415
    from model.publish.publication import Publisher  # noqa: PLC0415
    from model.publish.upload import PARTS_AT_ONCE  # noqa: PLC0415

    destination = parse_destination(to)
    client = session.client(
        "s3",
        config=Config(
            max_pool_connections=PARTS_AT_ONCE, retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}
        ),
    )
    region = session.region_name
    if create and make_bucket(client, destination.bucket, region=region, kms_key=kms_key):
        progress.say(f"  made bucket {destination.bucket} in {region}: TLS only, closed to the public, versioned")
    check_bucket(client, destination.bucket, region=region)
    return Publisher(client, to=destination, exact=exact, kms_key=kms_key, report=report)


def _list_model(folder: Path) -> Mapping[str, Path]:
    from model.publish.folder import list_model  # noqa: PLC0415 - as above

    return list_model(folder)


def _publish_from_hub(
    publisher: "Publisher", model_id: str, *, revision: str | None, token: str | None
) -> "Publication":
    # An optional extra: its absence is told where it is needed.
    from huggingface_hub.utils import logging  # noqa: PLC0415

    from model.publish.hub_snapshot import Hub  # noqa: PLC0415

    # Its warnings of a connection that broke show the address of the file, which is signed.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # of the library
    hub = Hub(endpoint=os.environ.get("HF_ENDPOINT", "").rstrip("/") or None, token=token)
    return publisher.publish_from_hub(hub, model_id, revision=revision)


def _pinned_revision(model_id: str, project: Project) -> str | None:
    """The commit that a deployment of this model names; None where it has no spec yet."""
    try:
        return find_model(model_id, added=project.added_models).revision
    except UnknownModelError:
        return None


def _read_token(session: boto3.Session, secret: str) -> str:
    try:
        found = session.client("secretsmanager").get_secret_value(SecretId=secret)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise UsageError(
            f"there is no secret {secret} in {session.region_name}.", advice="Correct --token-secret."
        ) from error
    token = str(found.get("SecretString", "")).strip()
    if not token.isascii() or not token.isprintable() or not token or " " in token or token.startswith("{"):
        raise UsageError(f"the secret {secret} holds no token.", advice="Its text must be the token and nothing else.")
    return token


def _next_commands(done: "Publication", *, folder: Path | None, stage: str, project: Project) -> list[str]:
    """What to type next, to deploy what was published."""
    model_id, revision = done.manifest.model_id, done.manifest.revision
    commands = []
    if _pinned_revision(model_id, project) != revision:
        given = ["--config", str(folder / "config.json")] if folder else []
        commands.append(["twin", "model", "add", model_id, *given, "--revision", revision])
    settings = ["-c", f"stage={stage}", "-c", f"model={model_id}", "-c", f"s3_uri={done.s3_uri}"]
    if done.kms_key_arn:
        settings += ["-c", f"s3_kms_key_arn={done.kms_key_arn}"]
    commands.append(["cdk", "deploy", *settings])
    return [shlex.join(command) for command in commands]


def _show(done: "Publication", *, commands: list[str], as_json: bool) -> None:
    manifest = done.manifest
    if as_json:
        answer: dict[str, Any] = {
            "s3_uri": done.s3_uri,
            "model_id": manifest.model_id,
            "revision": manifest.revision,
            "files": {name: asdict(file) for name, file in manifest.files.items()},
            "size_bytes": manifest.size_bytes,
            "kms_key_arn": done.kms_key_arn,
            "uploaded_files": done.uploaded_files,
            "uploaded_bytes": done.uploaded_bytes,
            "next": commands,
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    new = (
        f"{done.uploaded_files} sent now, {format_bytes(done.uploaded_bytes)}"
        if done.uploaded_files
        else "all there before"
    )
    typer.echo(f"{manifest.model_id} @ {manifest.revision}")
    typer.echo(f"{done.s3_uri}  {len(manifest.files)} files, {format_bytes(manifest.size_bytes)} ({new})")
    typer.echo("next:")
    for command in commands:
        typer.echo(f"  {command}")
