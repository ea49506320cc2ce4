"""checkov over the templates of dev and prod: whatever it finds is explained on the resource, or gone.

It cannot live in this environment, because it takes another boto3: `make checkov` gives it one of its own.
"""

import json
import subprocess

import pytest

from tests.stacks.conftest import ROOT

CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def run_checkov():
    """Run it over templates; return what it found and what it skipped, as (file, rule, resource)."""

    def run(*files):
        assert CHECKOV.exists(), "checkov is not installed: `make checkov` installs and runs it"
        options = ["--framework", "cloudformation", "--output", "json", "--skip-download", "--soft-fail"]
        named = [argument for file in files for argument in ("--file", str(file))]
        run = subprocess.run([CHECKOV, *options, *named], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        report = json.loads(run.stdout)
        assert report["summary"]["parsing_errors"] == 0
        results = report["results"]
        return (
            {(c["file_abs_path"], c["check_id"], c["resource"].split(".")[1]) for c in results["failed_checks"]},
            {(c["file_abs_path"], c["check_id"], c["resource"].split(".")[1]) for c in results["skipped_checks"]},
        )

    return run


@pytest.fixture(scope="session")
def audit(run_checkov, audited_files):
    return run_checkov(*(file for files in audited_files.values() for file in files))


def test_nothing_is_found_that_is_not_explained(audit):
    found, _ = audit
    assert found == set()


def test_every_explanation_explains_something_that_is_found(audit, audited_files, explained):
    _, skipped = audit
    assert skipped == {
        (str(file), rule, resource)
        for files in audited_files.values()
        for file in files
        for resource, rule, _ in explained(file)
    }


def test_checkov_finds_what_is_not_explained(run_checkov, tmp_path):
    template = tmp_path / "bare.template.json"
    template.write_text('{"Resources": {"Bare": {"Type": "AWS::S3::Bucket"}}}', encoding="utf-8")
    found, _ = run_checkov(template)
    assert "CKV_AWS_18" in {rule for _, rule, _ in found}
