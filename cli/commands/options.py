"""Options that several commands have, said once."""

from typing import Annotated

import typer

ProjectName = Annotated[str, typer.Option("--name", help="The project's name, where it was deployed with -c name=.")]
