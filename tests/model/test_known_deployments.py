"""Published deployments, known to work or to run out of memory, judged again; benchmarks/fit prints them."""

import runpy
from pathlib import Path

import pytest

REPORT = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/fit/report.py"))
PUBLISHED = REPORT["PUBLISHED"]
# Reported to work; fit finds room for a fifth of the 10,000 tokens asked for.
MISJUDGED = ("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "ml.g6e.2xlarge", 10_000)


def key(entry):
    return entry["model"], entry["instance"], entry["max_total_tokens"]


def test_there_are_enough_of_both_outcomes_and_each_has_its_source():
    outcomes = [entry["outcome"] for entry in PUBLISHED["deployments"]]
    assert len(outcomes) >= 12
    assert outcomes.count("fails") >= 5
    for entries in PUBLISHED.values():
        assert all(entry["source"].startswith("https://") for entry in entries)


@pytest.mark.parametrize("entry", PUBLISHED["deployments"], ids=lambda entry: "-".join(map(str, key(entry))))
def test_a_known_deployment_is_judged_as_it_went(entry):
    judged, why = REPORT["judge"](entry)
    if key(entry) == MISJUDGED:
        assert judged == "fails", "the known misjudgement is none any more: take it out of this test"
    else:
        assert judged == entry["outcome"], why


@pytest.mark.parametrize("entry", PUBLISHED["kv_tokens"], ids=lambda entry: f"{entry['model']}-{entry['kv_tokens']}")
def test_the_room_for_tokens_is_what_a_server_said_it_found(entry):
    assert REPORT["reckon_kv_tokens"](entry) == pytest.approx(entry["kv_tokens"], rel=0.08)


def test_most_published_speeds_are_met_within_a_fifth_and_all_but_one_within_a_third():
    off = [abs(REPORT["reckon_speed"](entry) / entry["copy_tokens_per_s"] - 1) for entry in PUBLISHED["speeds"]]
    assert sum(one <= 0.20 for one in off) >= 25
    assert sum(one <= 0.33 for one in off) >= 26
    assert max(off) < 0.45
