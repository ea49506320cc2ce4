"""The program in this process, in a checkout of the test's own."""

import sys
from dataclasses import dataclass

import pytest

from cli.main import main
from cli.project import Project


@dataclass(frozen=True)
class Ended:
    """How a call of the program ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout without added models; the program finds it where it would find its own."""
    monkeypatch.setattr(Project, "locate", classmethod(lambda cls: cls(tmp_path)))
    for name in ("HF_TOKEN", "HF_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION", "CDK_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def twin(checkout, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["twin", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(code=ended.value.code, out=captured.out, err=captured.err)

    return run
