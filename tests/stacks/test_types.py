"""mypy reads the CDK's modules that the stacks import, and no others: an import that it skips would go unchecked."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported() -> set[str]:
    """The CDK's modules that the stacks name."""
    names: set[str] = set()
    for file in [ROOT / "app.py", *(ROOT / "stacks").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aws_cdk":
                names.add(node.module or "")
                names |= {f"aws_cdk.{one.name}" for one in node.names if one.name.startswith("aws_")}
            elif isinstance(node, ast.Import):
                names |= {one.name for one in node.names if one.name.split(".")[0] == "aws_cdk"}
    return names


def test_every_module_of_the_cdk_that_a_stack_imports_is_read_by_mypy():
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
    (read,) = (one["module"] for one in overrides if one.get("follow_imports") == "normal")
    assert {name for name in read if not name.startswith("aws_cdk.interfaces")} == imported()
    # What they have in common stands in modules of their own, one for each of them.
    services = {name.removeprefix("aws_cdk.") for name in imported() if name.startswith("aws_cdk.aws_")}
    interfaces = {name.removeprefix("aws_cdk.interfaces.") for name in read if name.startswith("aws_cdk.interfaces.")}
    assert interfaces == services - {"aws_ecr_assets"}
