import functools
import io
import json
import re
import subprocess
import sys
import time

import pytest

from inference_client import smoke
from inference_client._progress import Progress

WHOLE = [
    {"generated_text": "In one piece.", "details": {"finish_reason": "length", "generated_tokens": 5, "seed": None}}
]


@pytest.fixture
def smoke_main(session):
    return functools.partial(smoke.main, session=session)


@pytest.fixture
def in_service(wire, say):
    times = {"CreationTime": 0, "LastModifiedTime": 0}
    wire.on(
        "DescribeInferenceComponent",
        say.json(
            {"InferenceComponentName": "llm", "EndpointName": "twin", "InferenceComponentStatus": "InService", **times}
        ),
    )
    wire.on("DescribeEndpoint", say.json({"EndpointName": "twin", "EndpointStatus": "InService", **times}))


@pytest.fixture
def answering(wire, say, in_service):
    wire.on("invoke", say.json(WHOLE))
    wire.on("stream", say.whole_stream())


def test_it_prints_both_answers_with_tokens_and_timings(smoke_main, wire, say, answering, capsys):
    wire.on("DescribeStacks", say.stacks("CDKToolkit", "llm-twin-dev-endpoint"))
    assert smoke_main(["--prompt", "Hallo", "--max-new-tokens", "5"]) == 0
    out, err = capsys.readouterr()
    assert "endpoint   twin\ncomponent  llm\nmodel      mlabonne/TwinLlama-3.1-8B-DPO (tgi)\nprompt     Hallo\n" in out
    assert "plain      In one piece.\n           5 tokens out · finished by length · total " in out
    assert "stream     Grüße aus 東京\n           4 tokens out, 7 in · finished by eos_token · first token " in out
    assert "failed" not in err
    assert [request.json["inputs"] for request in wire.requests if request.kind in ("invoke", "stream")] == [
        "Hallo"
    ] * 2


def test_it_prints_json_for_programs(smoke_main, wire, say, answering, capsys):
    assert smoke_main(["--endpoint", "twin", "--component", "llm", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["exit_code"]) == (True, 0)
    assert report["address"]["endpoint_name"] == "twin"
    assert report["plain"]["text"] == "In one piece."
    assert report["streamed"]["usage"] == {"input_tokens": 7, "generated_tokens": 4}
    assert report["streamed"]["timings"]["time_to_first_token_s"] > 0


def test_the_stage_comes_from_the_option_or_the_environment(smoke_main, wire, say, answering, monkeypatch):
    wire.on("DescribeStacks", say.stacks("llm-twin-any-endpoint"))
    monkeypatch.setenv("LLM_TWIN_STAGE", "prod")
    assert smoke_main([]) == 0
    assert smoke_main(["--stage", "dev"]) == 0
    assert smoke_main(["--stack", "mine"]) == 0
    asked = [
        dict(pair.split("=") for pair in r.body.decode().split("&"))
        for r in wire.requests
        if r.kind == "DescribeStacks"
    ]
    assert [query["StackName"] for query in asked] == ["llm-twin-prod-endpoint", "llm-twin-dev-endpoint", "mine"]


def test_the_address_comes_from_an_outputs_file(smoke_main, wire, say, answering, tmp_path):
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"s": {"EndpointName": "twin", "InferenceComponentName": "llm", "Region": "us-east-1"}}))
    assert smoke_main(["--outputs-file", str(file)]) == 0


def test_several_deployed_stages_must_be_told_apart(smoke_main, wire, say, capsys):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint", "llm-twin-prod-endpoint"))
    assert smoke_main([]) == 2
    assert "Several stages are deployed; pass --stage, one of: dev, prod." in capsys.readouterr().err


def test_nothing_deployed_is_said_so(smoke_main, wire, say, capsys):
    wire.on("DescribeStacks", say.stacks("CDKToolkit"))
    assert smoke_main(["--json"]) == 3
    out, err = capsys.readouterr()
    assert "smoke failed: No stack called llm-twin-<stage>-endpoint" in err
    assert json.loads(out)["error"]["type"] == "StackNotDeployedError"


def test_an_unfinished_stack_is_said_so(smoke_main, wire, say, capsys):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint", status="CREATE_IN_PROGRESS"))
    assert smoke_main(["--stage", "dev"]) == 3
    assert "still being created" in capsys.readouterr().err


ENDPOINT = ["--endpoint", "twin", "--component", "llm", "--wait-for-capacity-s", "0.1"]


def test_a_failed_component_gives_the_reason(smoke_main, wire, say, capsys):
    times = {"CreationTime": 0, "LastModifiedTime": 0}
    failed = {"InferenceComponentStatus": "Failed", "FailureReason": "CUDA out of memory", **times}
    wire.on("DescribeInferenceComponent", say.json(failed))
    assert smoke_main(ENDPOINT) == 5
    assert "component llm is Failed: CUDA out of memory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "case",
    [
        (lambda say: say.NO_CAPACITY, 6),
        (lambda say: say.container_error(424, {"error": "OOM", "error_type": "generation"}), 7),
        (lambda say: say.aws_error("InternalFailure", 500, "oops"), 7),
        (lambda say: say.Reply([say.CUT]), 8),
        (lambda say: say.aws_error("ExpiredTokenException", 403, "expired"), 4),
        (lambda say: say.aws_error("AccessDeniedException", 403, "not authorized"), 4),
        (lambda say: say.aws_error("ValidationError", 400, "Endpoint twin of account 1 not found."), 5),
        (lambda say: say.json([{"generated_text": "", "details": {"generated_tokens": 0}}]), 7),
    ],
)
@pytest.mark.usefixtures("in_service")
def test_each_kind_of_failure_has_its_exit_code(smoke_main, wire, say, capsys, case):
    reply, code = case
    wire.on("invoke", reply(say))
    wire.on("stream", say.whole_stream())
    assert smoke_main(ENDPOINT) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "\nsmoke failed: " in f"\n{err}"
    assert "Traceback" not in err


def test_who_may_invoke_but_not_describe_is_served_too(smoke_main, wire, say, capsys):
    wire.on("DescribeInferenceComponent", say.aws_error("AccessDeniedException", 400, "not authorized"))
    wire.on("invoke", say.json(WHOLE))
    wire.on("stream", say.whole_stream())
    assert smoke_main(ENDPOINT) == 0


def test_without_credentials_it_says_so(wire, monkeypatch, capsys):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert smoke.main(["--stage", "dev"]) == 4
    assert "AWS_PROFILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--component", "x"], ["--endpoint", "x", "--stage", "y"], ["--stage", "x", "--stack", "y"], ["--nonsense"]],
)
def test_arguments_that_contradict_each_other_are_refused(aws_environment, arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        smoke.main(arguments)
    assert caught.value.code == 2


@pytest.mark.parametrize("arguments", [["--max-new-tokens", "0"], ["--wait-for-capacity-s", "-1"], ["--prompt", ""]])
def test_a_value_out_of_range_is_refused(smoke_main, wire, in_service, arguments, capsys):
    assert smoke_main(["--endpoint", "twin", "--component", "llm", *arguments]) == 2
    assert "smoke failed: " in capsys.readouterr().err


def test_every_error_has_an_exit_code_and_the_help_names_it():
    for _, code in smoke.EXIT_CODES:
        assert f"{code} " in smoke.__doc__.partition("Exit codes: ")[2]
    assert issubclass(smoke.errors.InferenceClientError, smoke.EXIT_CODES[-1][0])


def test_it_runs_as_a_module(wire, say, answering):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint"))
    done = subprocess.run([sys.executable, "-m", "inference_client.smoke"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"([\w ]+ … \d+ s\n)*", done.stderr)  # of a machine that needs over a second
    assert "In one piece." in done.stdout


def test_what_takes_more_than_a_second_says_so_on_stderr(smoke_main, wire, say, in_service, capsys):
    wire.on("invoke", say.Reply([1.3, json.dumps(WHOLE).encode()], chunked=False))
    wire.on("stream", say.whole_stream())
    assert smoke_main(ENDPOINT) == 0
    assert "asking twin in one piece … 1 s" in capsys.readouterr().err


def test_on_a_terminal_the_progress_line_goes_again():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    with Progress("waiting", to=terminal):
        time.sleep(1.2)
    assert terminal.getvalue() == "\r\x1b[2Kwaiting … 1 s\r\x1b[2K"
