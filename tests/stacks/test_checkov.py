"""checkov over the templates of dev and prod: whatever it finds is explained on the resource, or gone.

It cannot live in this environment, because it takes another boto3: `make test` gives it one of its own.
"""

import json
import subprocess

import pytest

from tests.stacks.conftest import ROOT

CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A template that explains nothing."""
    file = tmp_path_factory.mktemp("bare") / "bare.template.json"
    file.write_text('{"Resources": {"Bare": {"Type": "AWS::S3::Bucket"}}}', encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def audit(audited_files, bare):
    """What it found and what it skipped, in one run, as (file, rule, resource)."""
    assert CHECKOV.exists(), "checkov is not installed: `make checkov` installs and runs it"
    options = ["--framework", "cloudformation", "--output", "json", "--skip-download", "--soft-fail"]
    files = [bare, *(file for files in audited_files.values() for file in files)]
    named = [argument for file in files for argument in ("--file", str(file))]
    run = subprocess.run([CHECKOV, *options, *named], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["summary"]["parsing_errors"] == 0
    return tuple(
        {(one["file_abs_path"], one["check_id"], one["resource"].split(".")[1]) for one in report["results"][kind]}
        for kind in ("failed_checks", "skipped_checks")
    )


def test_nothing_is_found_that_is_not_explained(audit, bare):
    found, _ = audit
    assert {finding for finding in found if finding[0] != str(bare)} == set()


def test_what_is_not_explained_is_found(audit, bare):
    found, _ = audit
    assert (str(bare), "CKV_AWS_18", "Bare") in found


def test_every_explanation_explains_something_that_is_found(audit, audited_files, explained):
    _, skipped = audit
    assert skipped == {
        (str(file), rule, resource)
        for files in audited_files.values()
        for file in files
        for resource, rule, _ in explained(file)
    }
