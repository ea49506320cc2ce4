"""What the templates say to checkov: which rules are kept from which resource, and why.

That each of these rules would find something, and that no other does, only checkov can tell (test_checkov.py).
"""

import re

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3

from stacks.acknowledgement import acknowledge

RULE = re.compile(r"CKV2?_AWS_\d+")


def test_every_rule_that_is_kept_from_a_resource_has_a_reason(audited_files, explained):
    said = [entry for files in audited_files.values() for file in files for entry in explained(file)]
    for resource, rule, reason in said:
        assert RULE.fullmatch(rule), resource
        assert len(reason) > 40, (resource, rule)
        assert reason.endswith("."), (resource, rule)
    assert len({rule for _, rule, _ in said}) > 10


def test_no_rule_is_explained_twice_on_a_resource(audited_files, explained):
    for files in audited_files.values():
        said = [entry[:2] for file in files for entry in explained(file)]
        assert len(said) == len(set(said))


def test_one_reason_may_answer_both_tools_and_several_rules():
    bucket = s3.Bucket(Stack(App(), "bare"), "Bucket")
    acknowledge(bucket, "AwsSolutions-S1", "CKV_AWS_18", "CKV_AWS_21", reason="It is empty.")
    acknowledge(bucket, "CKV_AWS_53", reason="It is closed elsewhere.")
    assert bucket.node.default_child.get_metadata("checkov") == {
        "skip": [
            {"id": "CKV_AWS_18", "comment": "It is empty."},
            {"id": "CKV_AWS_21", "comment": "It is empty."},
            {"id": "CKV_AWS_53", "comment": "It is closed elsewhere."},
        ]
    }


def test_a_rule_of_checkov_is_about_one_resource():
    stack = Stack(App(), "bare")
    with pytest.raises(TypeError, match=r"^bare consists of no one resource: name the one that CKV_AWS_18 is about\.$"):
        acknowledge(stack, "CKV_AWS_18", reason="It is empty.")
