"""The `twin` program: its commands, and how their errors reach a person or, with `--json`, a program."""

import json
import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from cli.aws_failures import explain
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

FAILED = 1
INTERRUPTED = 130
OURS = frozenset({"cli", "inference_client", "local", "model", "rag", "service"})


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
    """Run one command; end with its exit code and, where it failed, one message on standard error.

    With ``--json`` standard output holds the same as the command's whole answer.
    """
    try:
        build_app()()
    except CliError as error:
        _end(error.exit_code, str(error), error.advice)
    except LocalAwsError as error:
        _end(PrerequisiteError.exit_code, str(error))
    except (InferenceClientError, RagError) as error:
        _end(FAILED, str(error))
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in OURS:
            raise
        _end(
            PrerequisiteError.exit_code,
            f"{error.name} is not installed.",
            "Run `make setup`, or install the extras: local, publish, rag and service.",
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        _end(FAILED, *explained)


def _end(exit_code: int, message: str, advice: str = "") -> NoReturn:
    if "--json" in sys.argv:
        answer = {"ok": False, "exit_code": exit_code, "error": {"message": message, "advice": advice}}
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error:[/red] {escape(message)}")
    if advice:
        console.print(escape(advice))
    sys.exit(exit_code)
