"""The engines' log lines against the filters that read them, by CloudWatch's documented rules for a filter's pattern.

The lines are as the engines print them: TGI's with and without colours (SageMaker writes an escape as #033), as
JSON_OUTPUT has it, and as the local server has it; vLLM's of two versions.
"""

import re

import pytest

from local.tgi.durations import describe_duration
from model.engines import Engine
from stacks.constructs.engine_metrics import LOGGED

TGI = (
    "2026-11-20T10:13:11.123456Z  INFO generate{{parameters=GenerateParameters {{ best_of: None }} "
    'total_time="{total}" validation_time="1.96844ms" queue_time="{queue}" inference_time="355.849981ms" '
    'time_per_token="{token}" seed="None"}}: text_generation_router::server: router/src/server.rs:432: Success'
)
VLLM = (
    "(APIServer pid=1) INFO 05-19 10:13:11 [loggers.py:271] Engine 000: Avg prompt throughput: 12068.8 tokens/s, "
    "Avg generation throughput: 734.9 tokens/s, Running: 18 reqs, Waiting: 33 reqs, GPU KV cache usage: {cache}%, "
    "Prefix cache hit rate: 0.0%{more}"
)
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html
ALLOWED_IN_REGEX = re.compile(r"(?:[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|*+.]|\\[dswDSW.]|\\x[0-9a-f]{2})+")


def coloured(line):
    return re.sub(r'(\w+)=(?=")', "#033[3m\\1#033[0m#033[2m=#033[0m", line)


def as_json(line):
    return "{" + re.sub(r'(\w+)=(?=")', r'"\1":', line).replace("} ", ", ") + "}"


def read(logged, line):
    """The value that a filter takes of a line; None where the line does not match."""
    if logged.pattern.startswith("%"):
        return float(logged.value) if re.search(logged.pattern.strip("%"), line) else None
    fields = logged.pattern.strip("[]").split(", ")
    # What stands in brackets or quotes is one field.
    words = re.findall(r"\[[^]]*\]|\"[^\"]*\"|\S+", line)
    assert fields.pop() == "..."
    if len(words) < len(fields):
        return None
    found = {}
    for field, word in zip(fields, words, strict=False):
        name, _, wanted = field.partition("=")
        if wanted and wanted.strip('"') != word:
            return None
        found[f"${name}"] = word
    return float(found.get(logged.value, logged.value))


def read_all(engine, line):
    values = {logged.name: read(logged, line) for logged in LOGGED[engine]}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("dressed", [str, coloured, as_json])
@pytest.mark.parametrize(
    ("queue", "token", "counted"),
    [
        ("49.382µs", "14.827082ms", set()),
        ("0ns", "9ms", set()),
        ("357.867572ms", "99.999999ms", set()),
        ("1s", "14.827082ms", {"QueuedRequests"}),
        ("1.276254512s", "14.827082ms", {"QueuedRequests"}),
        ("75.3s", "100.000001ms", {"QueuedRequests", "SlowTokenRequests"}),
        ("49.382µs", "1.5s", {"SlowTokenRequests"}),
        ("9µs", "312ms", {"SlowTokenRequests"}),
    ],
)
def test_a_request_of_tgi_is_counted_by_how_long_it_waited_and_how_slow_its_tokens_came(dressed, queue, token, counted):
    line = dressed(TGI.format(total="3.1s", queue=queue, token=token))
    assert read_all(Engine.TGI, line).keys() == {"AnsweredRequests"} | counted


def test_other_lines_of_tgi_are_not_requests():
    assert read_all(Engine.TGI, "2026-11-20T10:13:11.123456Z  INFO text_generation_router::server: Connected") == {}


@pytest.mark.parametrize("more", ["", ", External prefix cache hit rate: 1.2%"])
@pytest.mark.parametrize(("cache", "is_full"), [("87.7", False), ("9.5", False), ("90.0", True), ("100.0", True)])
def test_a_report_of_vllm_gives_its_numbers(cache, is_full, more):
    assert read_all(Engine.VLLM, VLLM.format(cache=cache, more=more)) == {
        "PromptTokensPerSecond": 12068.8,
        "GeneratedTokensPerSecond": 734.9,
        "RunningRequests": 18,
        "WaitingRequests": 33,
    } | ({"NearlyFullCacheReports": 1} if is_full else {})


def test_other_lines_of_vllm_are_not_reports():
    assert read_all(Engine.VLLM, "(APIServer pid=1) INFO:     10.0.0.1:37016 - POST /v1/chat/completions 200 OK") == {}


@pytest.mark.parametrize("engine", Engine)
def test_patterns_keep_to_what_a_log_group_takes(engine):
    expressions = [logged.pattern for logged in LOGGED[engine] if logged.pattern.startswith("%")]
    assert len(expressions) <= 5
    for expression in expressions:
        assert ALLOWED_IN_REGEX.fullmatch(expression.strip("%")), expression
    assert all(len(logged.pattern) <= 1024 for logged in LOGGED[engine])


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [(0, "0ns"), (0.000049382, "49.382µs"), (0.357867572, "357.867572ms"), (1.5, "1.5s"), (2, "2s"), (75.25, "75.25s")],
)
def test_the_local_server_prints_durations_as_tgi_does(duration_s, text):
    assert describe_duration(duration_s) == text
