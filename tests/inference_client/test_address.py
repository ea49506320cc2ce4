import json

import pytest

import inference_client as ic

ADDRESS = ic.EndpointAddress(
    endpoint_name="twin",
    inference_component_name="llm",
    region="us-east-1",
    engine="tgi",
    model_id="mlabonne/TwinLlama-3.1-8B-DPO",
    model_revision="abc",
    max_input_tokens=2048,
    max_total_tokens=4096,
    variant_name="AllTraffic",
    adapters=(),
    adapter_components={},
    beside_components={},
)


def events(say, *rows):
    members = "".join(
        f"<member><LogicalResourceId>{name}</LogicalResourceId><ResourceStatus>{status}</ResourceStatus>"
        f"<ResourceStatusReason>{reason}</ResourceStatusReason></member>"
        for name, status, reason in rows
    )
    return say.xml("DescribeStackEvents", f"<StackEvents>{members}</StackEvents>")


def missing(say, name):
    error = f"<Error><Code>ValidationError</Code><Message>Stack with id {name} does not exist</Message></Error>"
    return say.Reply([f"<ErrorResponse>{error}</ErrorResponse>".encode()], status=400, chunked=False)


def parameters(say, outputs, next_token=None):
    items = [{"Name": f"/llm-twin/dev/{key}", "Type": "String", "Value": value} for key, value in outputs.items()]
    return say.json({"Parameters": items} | ({"NextToken": next_token} if next_token else {}))


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"]
)
def test_it_is_read_from_a_deployed_stack(wire, say, session, status):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint", status=status))
    assert ic.EndpointAddress.from_stack("llm-twin-dev-endpoint", session=session) == ADDRESS


def test_it_is_read_from_an_outputs_file(tmp_path, say):
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({"llm-twin-dev-endpoint": say.OUTPUTS, "llm-twin-dev-service": {"ServiceUrl": "x"}}))
    assert ic.EndpointAddress.from_outputs_file(file) == ADDRESS
    assert ic.EndpointAddress.from_outputs_file(file, stack_name="llm-twin-dev-endpoint") == ADDRESS


def test_it_is_read_from_ssm_page_by_page(wire, say, session):
    first = dict(list(say.OUTPUTS.items())[:4])
    rest = dict(list(say.OUTPUTS.items())[4:])
    wire.on("GetParametersByPath", parameters(say, first, "2"), parameters(say, rest))
    assert ic.EndpointAddress.from_ssm("/llm-twin/dev/", session=session) == ADDRESS
    assert wire.requests[0].json["Path"] == "/llm-twin/dev"


def test_a_stack_that_is_not_deployed_is_said_so(wire, say, session):
    wire.on("DescribeStacks", missing(say, "llm-twin-dev-endpoint"))
    with pytest.raises(ic.StackNotDeployedError, match="no stack llm-twin-dev-endpoint in us-east-1"):
        ic.EndpointAddress.from_stack("llm-twin-dev-endpoint", session=session)


def test_a_failed_stack_gives_the_first_failure_that_is_no_consequence(wire, say, session):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint", status="ROLLBACK_COMPLETE"))
    newest_first = [
        ("Stack", "ROLLBACK_COMPLETE", ""),
        ("Alarm", "CREATE_FAILED", "Resource creation cancelled"),
        ("Component", "CREATE_FAILED", "the container did not start: no such model"),
        ("Endpoint", "CREATE_COMPLETE", ""),
    ]
    wire.on("DescribeStackEvents", events(say, *newest_first))
    with pytest.raises(ic.StackNotReadyError, match="Component: the container did not start: no such model") as caught:
        ic.EndpointAddress.from_stack("llm-twin-dev-endpoint", session=session)
    assert caught.value.stack_status == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("CREATE_IN_PROGRESS", "still being created"),
        ("REVIEW_IN_PROGRESS", "still being created"),
        ("DELETE_IN_PROGRESS", "being deleted"),
        ("DELETE_FAILED", "being deleted"),
        ("CREATE_FAILED", "failed"),
        ("ROLLBACK_IN_PROGRESS", "failed"),
        ("ROLLBACK_FAILED", "failed"),
    ],
)
def test_a_stack_without_a_usable_endpoint_says_why(wire, say, session, status, said):
    wire.on("DescribeStacks", say.stacks("llm-twin-dev-endpoint", status=status, reason="for a reason"))
    wire.on("DescribeStackEvents", events(say))
    with pytest.raises(ic.StackNotReadyError, match=rf"{said} \({status}\)"):
        ic.EndpointAddress.from_stack("llm-twin-dev-endpoint", session=session)


def test_a_stack_of_something_else_is_no_endpoint(wire, say, session):
    wire.on(
        "DescribeStacks", say.stacks("llm-twin-dev-endpoint", status="CREATE_COMPLETE", outputs={"BucketName": "b"})
    )
    with pytest.raises(ic.ConfigurationError, match="no EndpointName, so it is no endpoint's; it has: BucketName"):
        ic.EndpointAddress.from_stack("llm-twin-dev-endpoint", session=session)


def test_a_limit_that_is_no_number_is_refused(say):
    with pytest.raises(ic.ConfigurationError, match="MaxInputTokens of the outputs is 'lots'"):
        ic.EndpointAddress.from_outputs({**say.OUTPUTS, "MaxInputTokens": "lots"})


def test_an_empty_ssm_path_is_not_deployed(wire, say, session):
    wire.on("GetParametersByPath", parameters(say, {}))
    with pytest.raises(ic.StackNotDeployedError, match="under /llm-twin/dev in us-east-1"):
        ic.EndpointAddress.from_ssm("/llm-twin/dev", session=session)


@pytest.mark.parametrize("path", ["", "dev", "/", "/a b"])
def test_an_ssm_path_must_be_one(path):
    with pytest.raises(ic.ConfigurationError, match="a path as /llm-twin/dev"):
        ic.EndpointAddress.from_ssm(path)


@pytest.mark.parametrize(
    ("content", "stack_name", "kind", "said"),
    [
        (None, None, ic.StackNotDeployedError, "Write it with: cdk deploy --outputs-file"),
        ("{", None, ic.ConfigurationError, "cannot be read"),
        ("[]", None, ic.ConfigurationError, "is no outputs file"),
        ('{"a": 1}', None, ic.ConfigurationError, "is no outputs file"),
        ("{}", None, ic.StackNotDeployedError, "no stack with an EndpointName; it has: none"),
        ('{"a": {"X": "y"}}', None, ic.StackNotDeployedError, "it has: a"),
        ('{"a": {"EndpointName": "y"}}', "b", ic.StackNotDeployedError, "no stack b; it has: a"),
        (
            '{"a": {"EndpointName": "y"}, "b": {"EndpointName": "z"}}',
            None,
            ic.ConfigurationError,
            "pass stack_name, one of: a, b",
        ),
    ],
)
def test_an_outputs_file_that_does_not_help_says_why(tmp_path, content, stack_name, kind, said):
    file = tmp_path / "outputs.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(kind, match=said):
        ic.EndpointAddress.from_outputs_file(file, stack_name=stack_name)


@pytest.mark.parametrize("name", ["", "-twin", "twin-", "tw in", "x" * 64, "twin_1", None])
def test_a_name_that_sagemaker_does_not_allow_is_refused(name):
    with pytest.raises(ic.ConfigurationError, match="allowed: 1 to 63 letters"):
        ic.EndpointAddress(endpoint_name=name)


def test_adapters_that_are_components_are_read_with_their_names(say):
    told = {"Adapters": "ada,bob", "AdapterComponents": "ada=twin-adapter-ada,bob=twin-adapter-bob"}
    address = ic.EndpointAddress.from_outputs(say.OUTPUTS | told)
    assert address.adapters == ("ada", "bob")
    assert address.adapter_components == {"ada": "twin-adapter-ada", "bob": "twin-adapter-bob"}


@pytest.mark.parametrize("text", ["ada", "=twin", "ada=", "ada=twin_adapter"])
def test_what_names_no_component_of_an_adapter_is_refused(say, text):
    for key in ("AdapterComponents", "BesideComponents"):
        with pytest.raises(ic.ConfigurationError, match=f"{key} of the outputs has '{text}'; allowed"):
            ic.EndpointAddress.from_outputs(say.OUTPUTS | {key: text})


def test_a_model_beside_has_an_address_of_its_own(say):
    told = {"Adapters": "ada", "BesideComponents": "org/small=twin-beside-small,org/other=twin-beside-other"}
    main = ic.EndpointAddress.from_outputs(say.OUTPUTS | told)
    small = main.of_model("org/small")
    assert (small.endpoint_name, small.inference_component_name) == ("twin", "twin-beside-small")
    assert (small.model_id, small.model_revision, small.adapters) == ("org/small", None, ())
    assert small.max_input_tokens == main.max_input_tokens
    assert main.of_model(say.OUTPUTS["ModelId"]) is main


def test_a_model_that_is_not_on_the_endpoint_is_refused_with_those_that_are(say):
    main = ic.EndpointAddress.from_outputs(say.OUTPUTS | {"BesideComponents": "org/small=twin-beside-small"})
    with pytest.raises(ic.ConfigurationError, match=r"twin has: mlabonne/TwinLlama-3\.1-8B-DPO, org/small\."):
        main.of_model("org/large")
