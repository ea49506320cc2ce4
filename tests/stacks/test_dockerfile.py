"""The image of the service, as far as it can be judged without building it, and the task that runs it: they agree."""

import ast
import json
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCAL_PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}


def read_instructions(text):
    """(instruction, rest) of every line, with continuations joined and comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in joined]


@pytest.fixture(scope="module")
def instructions():
    return read_instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def final_stage(instructions):
    last = max(index for index, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[last + 1 :]


@pytest.fixture(scope="module")
def variables(final_stage):
    (text,) = (rest for name, rest in final_stage if name == "ENV")
    return dict(pair.split("=", 1) for pair in shlex.split(text))


@pytest.fixture(scope="module")
def from_checkout(instructions):
    """What is copied out of the checkout."""
    copied = [shlex.split(rest)[:-1] for name, rest in instructions if name == "COPY" and "--from" not in rest]
    return {source for sources in copied for source in sources}


@pytest.fixture(scope="module")
def task(service_templates):
    (found,) = (
        b["Properties"] for b in service_templates["prod"]["Resources"].values() if b["Type"].endswith("TaskDefinition")
    )
    return found


@pytest.fixture(scope="module")
def container(task):
    (container,) = task["ContainerDefinitions"]
    return container


def only(instructions, name):
    (rest,) = (rest for found, rest in instructions if found == name)
    return rest


def test_every_stage_begins_with_the_one_base_that_is_pinned_by_its_digest(instructions):
    assert {rest.split(" AS ")[0] for name, rest in instructions if name == "FROM"} == {"${PYTHON_IMAGE}"}
    _, base = only(instructions, "ARG").split("=")
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base)


def test_what_is_installed_is_locked_by_hashes_and_runs_nothing(instructions):
    steps = [step.strip() for name, rest in instructions if name == "RUN" for step in rest.split("&&")]
    installs = [step for step in steps if re.search(r"\bpip (install|sync)\b", step)]
    locks = {word for step in installs for word in step.split() if word.endswith(".lock")}
    assert len(installs) == len(locks) == 2
    for step in installs:
        assert "--require-hashes" in step
        assert "--only-binary :all:" in step
    for lock in locks:
        requirements = read_requirements((ROOT / lock).read_text(encoding="utf-8"))
        assert requirements
        assert all("==" in requirement and "--hash=sha256:" in requirement for requirement in requirements)


def read_requirements(text):
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [line for line in lines if not line.startswith("#")]


def test_the_image_has_the_versions_that_the_tests_run_on():
    image, everything = (pins_of(ROOT / name) for name in ("requirements-service.lock", "requirements.lock"))
    shared = {name for name, _ in everything}
    assert {pin for pin in image if pin[0] in shared} <= everything


def pins_of(lock):
    requirements = read_requirements(lock.read_text(encoding="utf-8"))
    return {tuple(requirement.split()[0].split("==")) for requirement in requirements}


def test_nothing_comes_from_anywhere_else(instructions):
    text = " ".join(rest for _, rest in instructions)
    assert "http://" not in text.replace("http://127.0.0.1", "")
    assert "https://" not in text
    assert not {name for name, _ in instructions} & {"ADD", "ONBUILD"}


def test_it_runs_as_a_user_that_is_not_root_and_the_task_says_the_same(final_stage, container):
    user = [rest for name, rest in final_stage if name == "USER"][-1]
    uid, gid = user.split(":")
    assert int(uid) >= 1000
    assert int(gid) >= 1000
    assert container["User"] == user


def test_nothing_that_it_runs_belongs_to_the_user_that_runs_it(final_stage):
    assert [name for name, _ in final_stage].index("USER") > max(
        index for index, (name, _) in enumerate(final_stage) if name in {"COPY", "RUN"}
    )
    assert not [rest for name, rest in final_stage if "--chown" in rest or "chown" in rest]


def test_no_file_in_it_can_give_more_rights_and_no_installer_is_left(final_stage):
    (commands,) = (rest for name, rest in final_stage if name == "RUN")
    assert "find / -xdev -type f -perm /6000 -exec chmod a-s {} +" in commands
    assert "pip uninstall --yes --quiet pip" in commands


def test_its_health_check_is_the_task_s(final_stage, container):
    options, command = only(final_stage, "HEALTHCHECK").split(" CMD ")
    said = dict(option.removeprefix("--").split("=") for option in options.split())
    check = container["HealthCheck"]
    assert json.loads(command) == check["Command"][1:]
    assert said == {
        "interval": f"{check['Interval']}s",
        "timeout": f"{check['Timeout']}s",
        "start-period": f"{check['StartPeriod']}s",
        "retries": str(check["Retries"]),
    }


def test_port_host_and_folders_are_the_task_s(final_stage, variables, container):
    (port,) = container["PortMappings"]
    (mount,) = container["MountPoints"]
    environment = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
    assert only(final_stage, "EXPOSE") == str(port["ContainerPort"])
    assert json.loads(only(final_stage, "VOLUME")) == [mount["ContainerPath"]]
    assert variables["HOME"] == mount["ContainerPath"]
    ours = {name: value for name, value in variables.items() if name.startswith("TWIN_SERVICE_")}
    assert ours.items() <= environment.items()


def test_it_sends_no_usage_statistics(variables):
    assert variables["ORT_DISABLE_TELEMETRY"] == "1"


def test_it_starts_the_service(final_stage):
    assert json.loads(only(final_stage, "ENTRYPOINT")) == ["python", "-m", "service"]
    assert (ROOT / "service/__main__.py").is_file()


def test_no_secret_is_an_argument_or_a_variable_of_the_build(instructions):
    text = " ".join(rest for name, rest in instructions if name in {"ARG", "ENV"})
    assert not re.search(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", text, re.IGNORECASE)


def test_the_build_sees_what_it_copies_and_nothing_else(from_checkout):
    rules = read_requirements((ROOT / ".dockerignore").read_text(encoding="utf-8"))
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == from_checkout
    assert all((ROOT / source).exists() for source in from_checkout)


def test_every_package_of_ours_that_it_imports_is_copied_and_no_other(from_checkout):
    imported, waiting = set(), {"service"}
    while waiting:
        package = waiting.pop()
        imported.add(package)
        waiting |= (imports_of(ROOT / package) & LOCAL_PACKAGES) - imported
    assert {source for source in from_checkout if not source.endswith(".lock")} == imported


def imports_of(folder):
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.split(".")[0])
    return found


@pytest.fixture(scope="module")
def built(synthesize_service):
    return synthesize_service(stage="dev", service_image="build")


def test_an_image_that_is_to_be_built_is_an_asset_of_what_the_build_sees(built, from_checkout):
    assets = json.loads(built.with_name("llm-twin-dev-service.assets.json").read_text(encoding="utf-8"))
    (image,) = assets["dockerImages"].values()
    assert image["source"]["platform"] == "linux/amd64"
    folder = built.parent / image["source"]["directory"]
    assert {path.name for path in folder.iterdir()} == from_checkout | {"Dockerfile", ".dockerignore"}
    assert not [path for path in folder.rglob("*") if path.suffix == ".pyc"]


def test_an_image_that_is_to_be_built_is_pulled_from_where_the_deploy_puts_it(built):
    template = json.loads(built.read_text(encoding="utf-8"))
    (task,) = (b["Properties"] for b in template["Resources"].values() if b["Type"].endswith("TaskDefinition"))
    (container,) = task["ContainerDefinitions"]
    role = template["Resources"][task["ExecutionRoleArn"]["Fn::GetAtt"][0]]["Properties"]
    repository = "cdk-hnb659fds-container-assets-${AWS::AccountId}-us-east-1"
    assert f"/{repository}:" in container["Image"]["Fn::Sub"]
    assert repository in json.dumps(role["Policies"])


def test_the_image_and_the_task_are_of_the_same_architecture(built, task):
    assets = json.loads(built.with_name("llm-twin-dev-service.assets.json").read_text(encoding="utf-8"))
    (image,) = assets["dockerImages"].values()
    assert (image["source"]["platform"], task["RuntimePlatform"]["CpuArchitecture"]) == ("linux/amd64", "X86_64")
