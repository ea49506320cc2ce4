"""The `twin` program: its commands, and how their errors reach a person."""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from cli.commands.ask import ask
from cli.commands.cost import cost
from cli.commands.demo import demo
from cli.commands.diagnose import diagnose_stack
from cli.commands.doctor import doctor
from cli.commands.down import down
from cli.commands.env import env
from cli.commands.ingest import ingest
from cli.commands.model import build_model_app
from cli.commands.plan import plan
from cli.commands.publish import publish
from cli.commands.search import search
from cli.commands.serve import serve
from cli.commands.smoke import smoke
from cli.commands.status import status
from cli.commands.up import up
from cli.errors import CliError, PrerequisiteError
from inference_client import InferenceClientError
from local.aws.errors import LocalAwsError
from rag.errors import RagError

INTERRUPTED = 130
OURS = frozenset({"cli", "inference_client", "local", "model", "rag", "service"})
ADVICE = "To rehearse on this machine: make up. For AWS: set AWS_DEFAULT_REGION and credentials, and check both."


def build_app() -> typer.Typer:
    """The program with its commands."""
    app = typer.Typer(
        name="twin",
        help="Deploy, ask and destroy your own LLM: on AWS, or rehearsed on this machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for command in (up, down, status, env, smoke, ask, ingest, search, serve, demo, plan, publish, doctor, cost):
        app.command()(command)
    app.command("diagnose")(diagnose_stack)
    app.add_typer(build_model_app(), name="model")
    return app


def main() -> None:
    """Run one command; end with its exit code and, where it failed, one message on standard error."""
    try:
        build_app()()
    except CliError as error:
        _report(str(error), error.advice)
        sys.exit(error.exit_code)
    except LocalAwsError as error:
        _report(str(error), "")
        sys.exit(PrerequisiteError.exit_code)
    except (InferenceClientError, RagError) as error:
        _report(str(error), "")
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in OURS:
            raise
        _report(
            f"{error.name} is not installed.",
            "Run `make setup`, or install the extras: local, publish, rag and service.",
        )
        sys.exit(PrerequisiteError.exit_code)
    except (BotoCoreError, ClientError) as error:
        _report(f"AWS: {error}", ADVICE)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _report(message: str, advice: str) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error:[/red] {escape(message)}")
    if advice:
        console.print(escape(advice))
