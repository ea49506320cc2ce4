"""What the roles of the service may do."""

import json
import re

import pytest

# Actions for which AWS defines no resource: https://docs.aws.amazon.com/service-authorization/
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken"}
BUILT = "llm-twin-service"


def as_list(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture
def roles(service_template, service_resource):
    task = service_resource("AWS::ECS::TaskDefinition")[1]
    return {
        which: service_template["Resources"][task[which]["Fn::GetAtt"][0]]["Properties"]
        for which in ("ExecutionRoleArn", "TaskRoleArn")
    }


def allowed(role):
    """Action to resources, for a role that allows only."""
    found = {}
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                assert action not in found
                found[action] = as_list(statement["Resource"])
    return found


def join(*parts):
    return {"Fn::Join": ["", list(parts)]}


def arn_of(service_resource, kind):
    return {"Fn::GetAtt": [service_resource(kind)[0], "Arn"]}


def test_there_are_two_roles_and_no_policy_beside_them(service_template):
    kinds = [b["Type"] for b in service_template["Resources"].values() if b["Type"].startswith("AWS::IAM::")]
    assert kinds == ["AWS::IAM::Role", "AWS::IAM::Role"]


def test_only_tasks_of_this_account_take_them_on(roles):
    for role in roles.values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_action_is_named_and_every_resource_unless_aws_has_none(roles):
    for role in roles.values():
        for action, resources in allowed(role).items():
            assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action)
            assert "*" not in resources or action in WITHOUT_RESOURCE


def test_the_service_touches_its_bucket_its_keys_and_its_stage_s_parameters_and_nothing_else(
    roles, service_resource, stage
):
    bucket = arn_of(service_resource, "AWS::S3::Bucket")
    objects = [join(bucket, "/*")]
    parameters = f":parameter/llm-twin/{stage}"
    assert allowed(roles["TaskRoleArn"]) == {
        "s3:ListBucket": [bucket],
        "s3:AbortMultipartUpload": objects,
        "s3:DeleteObject": objects,
        "s3:GetObject": objects,
        "s3:PutObject": objects,
        "secretsmanager:GetSecretValue": [{"Ref": service_resource("AWS::SecretsManager::Secret")[0]}],
        "ssm:GetParametersByPath": [
            join("arn:aws:ssm:us-east-1:", {"Ref": "AWS::AccountId"}, parameters + rest) for rest in ("", "/*")
        ],
    }


def test_the_service_invokes_by_the_endpoint_s_own_policy(roles, template):
    (policy,) = (b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::IAM::ManagedPolicy")
    name = policy["Path"] + policy["ManagedPolicyName"]
    assert roles["TaskRoleArn"]["ManagedPolicyArns"] == [
        join("arn:aws:iam::", {"Ref": "AWS::AccountId"}, f":policy{name}")
    ]
    assert "ManagedPolicyArns" not in roles["ExecutionRoleArn"]


def test_a_task_is_started_with_one_image_and_one_log(roles, service_resource):
    repository = join("arn:aws:ecr:us-east-1:", {"Ref": "AWS::AccountId"}, f":repository/{BUILT}")
    log = arn_of(service_resource, "AWS::Logs::LogGroup")
    assert allowed(roles["ExecutionRoleArn"]) == {
        "ecr:BatchCheckLayerAvailability": [repository],
        "ecr:BatchGetImage": [repository],
        "ecr:GetDownloadUrlForLayer": [repository],
        "ecr:GetAuthorizationToken": ["*"],
        "logs:CreateLogStream": [log],
        "logs:PutLogEvents": [log],
    }


def test_the_image_that_may_be_pulled_is_the_one_that_runs(service_resource):
    (container,) = service_resource("AWS::ECS::TaskDefinition")[1]["ContainerDefinitions"]
    domain = join({"Ref": "AWS::AccountId"}, ".dkr.ecr.us-east-1.", {"Ref": "AWS::URLSuffix"}, f"/{BUILT}:1.4.0")
    assert container["Image"] == domain


def test_the_bucket_is_private_encrypted_versioned_and_reached_over_tls_only(service_resource):
    name, bucket = service_resource("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    _, policy = service_resource("AWS::S3::BucketPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (policy["Bucket"], statement["Effect"], statement["Action"]) == ({"Ref": name}, "Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_old_versions_of_documents_and_abandoned_uploads_are_forgotten(service_resource):
    rules = service_resource("AWS::S3::Bucket")[1]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    assert [rule["NoncurrentVersionExpiration"] for rule in rules if "NoncurrentVersionExpiration" in rule] == [
        {"NoncurrentDays": 30}
    ]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_a_new_service_lets_nobody_in(service_resource):
    document = json.loads(service_resource("AWS::SecretsManager::Secret")[1]["SecretString"])
    (key,) = document["keys"]
    assert key["sha256"] == "0" * 64
    assert key["expires_at"] < "2001"


def test_an_image_of_another_account_is_pulled_from_there(synthesize_service):
    image = "999999999999.dkr.ecr.us-east-1.amazonaws.com/team/twin:7"
    text = synthesize_service(stage="dev", service_image=image).read_text(encoding="utf-8")
    assert '"arn:aws:ecr:us-east-1:999999999999:repository/team/twin"' in text
    assert '"999999999999.dkr.ecr.us-east-1."' in text
