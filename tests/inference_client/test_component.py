import pytest

import inference_client as ic


def components(say, *names, next_page=None):
    items = [
        {
            "InferenceComponentName": name,
            "InferenceComponentArn": f"arn:aws:sagemaker:us-east-1:1:inference-component/{name}",
            "EndpointName": "twin",
            "EndpointArn": "arn:aws:sagemaker:us-east-1:1:endpoint/twin",
            "VariantName": "AllTraffic",
            "CreationTime": 0,
            "LastModifiedTime": 0,
        }
        for name in names
    ]
    return say.json({"InferenceComponents": items} | ({"NextToken": next_page} if next_page else {}))


def unnamed(make_client, **options):
    return make_client(address={"inference_component_name": None}, **options)


def asked_for(wire):
    return [r.headers.get("x-amzn-sagemaker-inference-component") for r in wire.requests if r.kind == "stream"]


def test_the_only_component_is_found_once_and_used(wire, say, make_client):
    wire.on("ListInferenceComponents", components(say, "llm-1"))
    wire.on("stream", say.whole_stream())
    client = unnamed(make_client)
    client.generate("Hallo")
    client.generate("Hallo")
    assert asked_for(wire) == ["llm-1", "llm-1"]
    assert wire.count("ListInferenceComponents") == 1
    assert wire.requests[0].json == {"EndpointNameEquals": "twin"}


def test_a_named_component_is_not_looked_up(wire, say, client):
    wire.on("stream", say.whole_stream())
    client.generate("Hallo")
    assert [request.kind for request in wire.requests] == ["stream"]


def test_an_endpoint_without_components_is_asked_plainly(wire, say, make_client):
    wire.on("ListInferenceComponents", components(say))
    wire.on("stream", say.whole_stream())
    unnamed(make_client).generate("Hallo")
    assert asked_for(wire) == [None]


def test_several_components_are_named_in_the_error(wire, say, make_client):
    wire.on("ListInferenceComponents", components(say, "b", next_page="2"), components(say, "a"))
    with pytest.raises(ic.AmbiguousComponentError, match=r"2 inference components.*one of: a, b") as caught:
        unnamed(make_client).generate("Hallo")
    assert caught.value.component_names == ("a", "b")
    assert wire.count("stream") == 0


def test_where_listing_is_not_allowed_the_error_says_what_to_pass(wire, say, make_client):
    denied = "User: arn:aws:iam::1:user/x is not authorized to perform: sagemaker:ListInferenceComponents"
    wire.on("ListInferenceComponents", say.aws_error("AccessDeniedException", 400, denied))
    with pytest.raises(ic.ConfigurationError, match="Pass inference_component_name") as caught:
        unnamed(make_client).generate("Hallo")
    assert isinstance(caught.value.__cause__, ic.AccessDeniedError)


def test_a_component_that_a_deployment_has_replaced_is_found_again(wire, say, make_client):
    gone = say.aws_error("ValidationError", 400, "Inference Component llm-1 of account 123456789012 not found.")
    wire.on("ListInferenceComponents", components(say, "llm-1"), components(say, "llm-2"))
    wire.on("stream", say.whole_stream(), gone, say.whole_stream())
    client = unnamed(make_client, max_attempts=1)
    client.generate("Hallo")
    client.generate("Hallo")
    assert asked_for(wire) == ["llm-1", "llm-1", "llm-2"]


@pytest.mark.parametrize("name", ["None", "", None])
def test_the_books_text_none_names_no_component(name):
    assert ic.EndpointAddress(endpoint_name="twin", inference_component_name=name).inference_component_name is None


ADAPTERS = {"adapters": ("ada", "bob"), "adapter_components": {"ada": "llm-ada", "bob": "llm-bob"}}


def test_an_adapter_with_a_component_of_its_own_is_asked_there(wire, say, make_client):
    wire.on("stream", say.whole_stream())
    client = make_client(address=ADAPTERS)
    client.generate("Hallo", parameters=ic.GenerationParameters(adapter_id="ada"))
    client.generate("Hallo")
    assert asked_for(wire) == ["llm-ada", "llm"]
    # The container is told by SageMaker, in a header.
    assert wire.requests[0].json == wire.requests[1].json


def test_an_adapter_that_is_no_component_of_the_endpoint_is_refused_with_those_that_are(make_client):
    with pytest.raises(ic.InvalidParameterError, match=r"^adapter_id is 'eve'; allowed: ada, bob\.$"):
        make_client(address=ADAPTERS).generate("Hallo", parameters=ic.GenerationParameters(adapter_id="eve"))
