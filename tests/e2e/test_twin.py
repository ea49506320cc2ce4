"""The `twin` program as a person runs it: up, env, status, smoke, ask, down, and what it says of a mistake."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from openai import OpenAI
from playwright.sync_api import expect, sync_playwright

from cli.main import main
from cli.project import Project

# A short prompt and answer: what is looked at is the way, not the words.
SHORT = {"TWIN_SERVICE_PASSAGES": "1", "TWIN_SERVICE_MAX_NEW_TOKENS": "24", "TWIN_SERVICE_UNDERSTAND": "false"}
ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TWIN = Path(sys.executable).parent / "twin"


def clean_environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "CDK_HOME"}
    # CDK's own rules take half the time of a synth, and tests/stacks has them asked.
    return kept | {"CDK_VALIDATION": "false"}


def twin(
    checkout: Path, *arguments: str, environ: dict[str, str] | None = None, timeout_s: float = 150
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=checkout,
        env={**clean_environment(), "PYTHONPATH": str(checkout), **(environ or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, so that its `.twin` is nobody else's."""
    target = tmp_path_factory.mktemp("checkout")
    for name in ("cli", "docs", "inference_client", "local", "model", "rag", "service", "stacks"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "cdk.json", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target)
    for name in (".venv", "node_modules"):
        (target / name).symlink_to(ROOT / name)
    return target


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def port(checkout: Path) -> Iterator[int]:
    """The port of a local AWS that `twin up --detach` left running."""
    chosen = free_port()
    done = twin(checkout, "up", "--detach", "--port", str(chosen), "--service-port", "0", environ=SHORT)
    assert done.returncode == 0, done.stderr
    yield chosen
    twin(checkout, "down")


def local_processes(checkout: Path) -> list[psutil.Process]:
    """Every process that runs this checkout's code."""
    found = []
    for process in psutil.process_iter():
        try:
            environ = process.environ()
            words = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        ours = any(word.startswith("local.") or word == "serve" for word in words)
        if "-m" in words and ours and environ.get("PYTHONPATH") == str(checkout):
            found.append(process)
    return found


def wait_until_none(checkout: Path, timeout_s: float = 15) -> list[psutil.Process]:
    deadline_s = time.monotonic() + timeout_s
    while (left := local_processes(checkout)) and time.monotonic() < deadline_s:
        time.sleep(0.2)
    return left


def test_env_gives_another_shell_all_it_needs(checkout: Path, port: int) -> None:
    script = f"""
    eval "$({sys.executable} -m cli env)"
    echo "$AWS_ENDPOINT_URL"
    {TWIN.parent}/aws sagemaker list-endpoints --query 'length(Endpoints)'
    {sys.executable} -c 'import os, urllib.request as r; print(r.urlopen(os.environ["TGI_URL"] + "/info").status)'
    """
    environ = {**clean_environment(), "PYTHONPATH": str(checkout), "AWS_PROFILE": "somebody-elses"}
    done = subprocess.run(
        ["/bin/sh", "-ec", script], cwd=checkout, env=environ, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"http://localhost:{port}", "1", "200"]


def test_status_shows_what_serves(checkout: Path, port: int) -> None:
    done = twin(checkout, "status", "--json")

    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    (deployment,) = shown["deployments"]
    (component,) = deployment["components"]
    assert deployment["endpoint_status"] == "InService"
    assert (component["status"], component["current_copies"], component["desired_copies"]) == ("InService", 1, 1)
    (copy,) = shown["copies"]
    assert psutil.pid_exists(copy["pid"])
    assert "InService" in twin(checkout, "status").stdout


def test_smoke_reports_answer_tokens_and_timings(checkout: Path, port: int) -> None:
    done = twin(checkout, "smoke", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_ask_prints_the_answer_and_its_figures_apart(checkout: Path, port: int) -> None:
    done = twin(checkout, "ask", "--stream", "--max-new-tokens", "16", "What is an endpoint?")

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "tokens in" in done.stderr
    assert "tokens in" not in done.stdout


@pytest.fixture
def program(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """The program of this checkout in this process, which it makes a client of its local AWS; gives its exit code."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(clean_environment())
    monkeypatch.setattr(Project, "locate", classmethod(lambda _: Project(checkout)))
    monkeypatch.chdir(checkout)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["twin", *arguments])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    yield run
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def service_url(checkout: Path, port: int) -> str:
    url: str = json.loads((checkout / ".twin" / "running.json").read_text())["service_url"]
    return url


def test_an_openai_client_is_answered_plain_and_streamed_with_sources(service_url: str) -> None:
    with OpenAI(base_url=f"{service_url}/v1", api_key="none", max_retries=0) as client:
        twin_model, plain_model = client.models.list().data
        assert plain_model.id == "HuggingFaceTB/SmolLM2-135M-Instruct"
        asked = {"model": twin_model.id, "messages": [{"role": "user", "content": "What does twin down do?"}]}
        plain = client.chat.completions.create(**asked, max_tokens=24)
        chunks = list(client.chat.completions.create(**asked, max_tokens=24, stream=True))

    assert plain.choices[0].message.content
    assert {source["document"] for source in plain.model_extra["sources"]} <= {
        *("README.md", "CHANGELOG.md"),
        *(f"docs/{path.relative_to(ROOT / 'docs')}" for path in (ROOT / "docs").rglob("*.md")),
    }
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert len(chunks) > 5


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
def test_the_page_streams_an_answer_with_its_sources_from_the_documentation(service_url: str) -> None:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page()
        page.goto(service_url)
        page.get_by_label("Your question").fill("What does twin down do?")
        page.keyboard.press("Enter")
        expect(page.locator(".exchange")).to_have_attribute("aria-busy", "false", timeout=60_000)
        expect(page.locator(".answer")).not_to_be_empty()
        expect(page.locator(".sources li")).not_to_have_count(0)
        browser.close()


def test_the_knowledge_answers_with_its_sources_on_the_terminal(checkout: Path, port: int) -> None:
    done = twin(checkout, "ask", "--sources", "--max-new-tokens", "16", "What does twin down do?", environ=SHORT)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "[1] docs/commands.md" in done.stderr
    assert "generate" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["ask", "  "], 2, "The question is empty"),
        (["ask", "--stage", "prod", "hello"], 1, "llm-twin-prod-endpoint"),
        (["ask", "--max-new-tokens", "0", "hello"], 2, "--max-new-tokens"),
        (["ask", "x " * 20000], 1, "tokens"),
        (["smoke", "--stage", "dev"], None, "llm-twin-dev-endpoint"),
        (["ask", "--store", "somewhere", "hello"], 2, "--sources"),
        (["ask", "--sources", "--store", "not/there", "hello"], 1, "not/there"),
        (["ask", "--sources", "--adapter", "eve", "hello"], 2, "no adapter 'eve'; the endpoint has: none."),
        (["ask", "--model", "org/none", "hello"], 1, "has: HuggingFaceTB/SmolLM2-135M-Instruct."),
        (["serve"], 2, "no API keys"),
        (["serve", "--no-keys", "--host", "0.0.0.0"], 2, "loopback"),  # noqa: S104 - it is refused
    ],
)
@pytest.mark.usefixtures("port")
def test_a_mistake_gets_one_clear_error(
    program: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    exit_code: int | None,
    says: str,
) -> None:
    """The program in this process: its imports would cost more than the rest of these tests together."""
    code = program(*arguments)

    said = capsys.readouterr()
    assert code != 0
    assert exit_code in (None, code)
    assert says in said.err
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--stage", "nowhere"), "nowhere"),
        (("-c", "stage=dev"), "--stage decides it"),
        (("-c", "max_copies=many"), "max_copies"),
    ],
)
def test_a_setting_that_is_none_is_refused_beside_what_runs(
    checkout: Path, port: int, arguments: tuple[str, str], message: str
) -> None:
    done = twin(checkout, "up", *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "cdk synth" not in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_taken_port_is_refused_and_nothing_is_left(tmp_path: Path, checkout: Path, port: int) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for entry in checkout.iterdir():
        if entry.name != ".twin":
            (other / entry.name).symlink_to(entry)
    for name in ("cli",):
        (other / name).unlink()
        shutil.copytree(checkout / name, other / name)

    done = twin(other, "up", "--detach", "--port", str(port), "--no-service")

    assert done.returncode != 0
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
    assert local_processes(other) == []


def test_down_leaves_nothing_and_says_so_when_called_again(checkout: Path, port: int) -> None:
    assert len(local_processes(checkout)) == 3

    first = twin(checkout, "down", "--verify", "--json")
    second = twin(checkout, "down")

    # The containers' logs outlive a destroy, here as on AWS.
    assert first.returncode == 0, first.stderr
    assert {one["kind"] for one in json.loads(first.stdout)["left"]} == {"log group"}
    assert wait_until_none(checkout) == []
    assert (second.returncode, second.stderr.strip()) == (0, "nothing is running")
    assert twin(checkout, "env").returncode == 4
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_up_in_the_foreground_ends_no_process_survives(checkout: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "up", "--port", str(free_port()), "--service-port", "0"],
        cwd=checkout,
        env={**clean_environment(), "PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            # After this line the CDK CLI is at work: the worst moment to end.
            if "starting the local AWS" in line and "✓" in line:
                break
        time.sleep(1)
        process.send_signal(number)
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert wait_until_none(checkout) == []
