"""cdk-nag's AwsSolutions pack over all stacks: whatever it finds is explained in the code, or gone."""

import json
from contextlib import suppress

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.monitoring_stack import MonitoringStack
from stacks.service_stack import ServiceStack
from tests.stacks.conftest import AUDITED


@pytest.fixture
def find_violations(tmp_path, cdk_context):
    """Return what the pack finds in an app: rule and construct of each finding."""

    def find(fill, **context):
        app = App(context=cdk_context | context, outdir=str(tmp_path / "cdk.out"), analytics_reporting=False)
        fill(app)
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        # It raises where it has found something; what that is, is in the report.
        with suppress(RuntimeError):
            app.synth()
        report = json.loads((tmp_path / "cdk.out/validation-report.json").read_text(encoding="utf-8"))
        (pack,) = (one for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions")
        return {
            (violation["ruleName"], construct["constructPath"])
            for violation in pack["violations"]
            for construct in violation["violatingConstructs"]
        }

    return find


def make_stacks(app):
    settings = read_settings(app.node.get_all_context(), {})
    EndpointStack(app, settings=settings)
    ServiceStack(app, settings=settings, image=settings.service.image)
    MonitoringStack(app, settings=settings)


@pytest.mark.parametrize("context", AUDITED.values(), ids=AUDITED)
def test_nothing_is_found_that_is_not_explained(find_violations, context):
    assert find_violations(make_stacks, **context) == set()


def test_the_pack_finds_what_is_not_explained(find_violations):
    found = find_violations(lambda app: s3.Bucket(Stack(app, "bare"), "Bucket"))
    assert {rule for rule, _ in found} == {"AwsSolutions-S1", "AwsSolutions-S10"}
