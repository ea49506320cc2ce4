"""What the role of the endpoint may do."""

import json
import re

import pytest

# Actions for which AWS defines no resource: https://docs.aws.amazon.com/service-authorization/
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements_of(template):
    for body in template["Resources"].values():
        if body["Type"] == "AWS::IAM::Role":
            for policy in body["Properties"]["Policies"]:
                yield from policy["PolicyDocument"]["Statement"]
        if body["Type"] == "AWS::IAM::ManagedPolicy":
            yield from body["Properties"]["PolicyDocument"]["Statement"]


def test_there_is_one_role_and_one_policy_for_those_who_call(template):
    kinds = [body["Type"] for body in template["Resources"].values() if body["Type"].startswith("AWS::IAM::")]
    assert kinds == ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"]


def test_callers_may_invoke_and_look_at_this_endpoint_and_this_component_only(template, resource):
    endpoint, component = (
        {"Ref": resource(f"AWS::SageMaker::{kind}")[0]} for kind in ("Endpoint", "InferenceComponent")
    )
    (_, policy), allowed = resource("AWS::IAM::ManagedPolicy"), {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert (statement["Effect"], statement.keys() - {"Action", "Effect", "Resource"}) == ("Allow", set())
        for action in as_list(statement["Action"]):
            allowed[action] = sorted(as_list(statement["Resource"]), key=str)
    both = sorted([endpoint, component], key=str)
    assert allowed == {
        "sagemaker:InvokeEndpoint": both,
        "sagemaker:InvokeEndpointWithResponseStream": both,
        "sagemaker:DescribeEndpoint": [endpoint],
        "sagemaker:DescribeInferenceComponent": both,
    }


def test_callers_are_let_over_to_a_new_endpoint_when_its_address_is_published(template, resource):
    name, _ = resource("AWS::IAM::ManagedPolicy")
    parameters = {name for name, body in template["Resources"].items() if body["Type"] == "AWS::SSM::Parameter"}
    assert set(template["Resources"][name]["DependsOn"]) == parameters


def test_the_policy_s_name_is_another_one_in_every_region(synthesize):
    """IAM is one for all regions: the second deployment would find the name taken."""
    names = {region: name_of_policy(synthesize(stage="dev", region=region)) for region in ("us-east-1", "eu-west-1")}
    assert names == {region: f"llm-twin-dev-{region}-invoke" for region in names}


def name_of_policy(path):
    template = json.loads(path.read_text(encoding="utf-8"))
    policies = [b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::IAM::ManagedPolicy"]
    return policies[0]["ManagedPolicyName"]


def test_no_managed_policy_is_attached(template, resource):
    assert "ManagedPolicyArns" not in resource("AWS::IAM::Role")[1]
    assert "FullAccess" not in json.dumps(template)


def test_only_sagemaker_in_this_account_takes_on_the_role(resource):
    (statement,) = resource("AWS::IAM::Role")[1]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_action_is_named(template):
    for statement in statements_of(template):
        for action in as_list(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action)


def test_every_resource_is_named_unless_aws_has_none(template):
    for statement in statements_of(template):
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= WITHOUT_RESOURCE


def test_metrics_are_written_to_sagemaker_s_namespaces_only(template):
    (statement,) = (s for s in statements_of(template) if s["Action"] == "cloudwatch:PutMetricData")
    assert statement["Condition"] == {"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/*"]}}


def test_the_role_may_look_at_the_alarms_that_take_an_update_back(template):
    (statement,) = (s for s in statements_of(template) if s["Action"] == "cloudwatch:DescribeAlarms")
    assert "".join(str(part) for part in statement["Resource"]["Fn::Join"][1]).endswith(":alarm:*")


def test_the_role_pulls_the_image_that_the_model_runs_and_no_other(template, resource):
    image = resource("AWS::SageMaker::Model")[1]["PrimaryContainer"]["Image"]
    registry, _, name = image.partition("/")
    account, _, _, region, *_ = registry.split(".")
    (statement,) = (s for s in statements_of(template) if "ecr:BatchGetImage" in as_list(s["Action"]))
    assert statement["Resource"] == f"arn:aws:ecr:{region}:{account}:repository/{name.partition(':')[0]}"


def test_a_bucket_is_read_only_where_the_weights_are_in_one(template, s3_uri):
    actions = {action for statement in statements_of(template) for action in as_list(statement["Action"])}
    assert any(action.startswith("s3:") for action in actions) is (s3_uri is not None)


@pytest.fixture(scope="module")
def from_s3(synthesize):
    path = synthesize(stage="dev", s3_uri="s3://weights-bucket/twin/49ea8865/")
    return json.loads(path.read_text(encoding="utf-8"))


def test_weights_in_s3_are_read_under_their_prefix_only(from_s3):
    allowed = {
        action: (statement["Resource"], statement.get("Condition"))
        for statement in statements_of(from_s3)
        for action in as_list(statement["Action"])
        if action.startswith("s3:")
    }
    assert allowed == {
        "s3:GetObject": ("arn:aws:s3:::weights-bucket/twin/49ea8865/*", None),
        "s3:ListBucket": ("arn:aws:s3:::weights-bucket", {"StringLike": {"s3:prefix": "twin/49ea8865/*"}}),
    }


def test_weights_that_are_encrypted_with_a_key_of_one_s_own_are_decrypted_through_s3_only(synthesize):
    key = "arn:aws:kms:us-east-1:123456789012:key/1a2b"
    path = synthesize(stage="dev", s3_uri="s3://weights-bucket/twin/49ea8865/", s3_kms_key_arn=key)
    (found,) = (
        statement
        for statement in statements_of(json.loads(path.read_text(encoding="utf-8")))
        if any(action.startswith("kms:") for action in as_list(statement["Action"]))
    )
    assert (found["Action"], found["Resource"]) == ("kms:Decrypt", key)
    (service,) = found["Condition"]["StringEquals"].values()
    assert "s3.us-east-1." in json.dumps(service)


def test_weights_in_s3_are_the_model_s_data_source_and_the_container_is_isolated(from_s3):
    (model,) = (b["Properties"] for b in from_s3["Resources"].values() if b["Type"] == "AWS::SageMaker::Model")
    assert model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"] == {
        "CompressionType": "None",
        "S3DataType": "S3Prefix",
        "S3Uri": "s3://weights-bucket/twin/49ea8865/",
    }
    (config,) = (b["Properties"] for b in from_s3["Resources"].values() if b["Type"].endswith("::EndpointConfig"))
    assert config["EnableNetworkIsolation"] is True


def test_a_region_of_another_partition_has_its_own_arns_and_domain(synthesize):
    text = synthesize(region="us-iso-east-1").read_text(encoding="utf-8")
    assert "arn:aws-iso:ecr:us-iso-east-1:886529160074:" in text
    assert "886529160074.dkr.ecr.us-iso-east-1.c2s.ic.gov/" in text
    assert "arn:aws:" not in text
