import pytest


@pytest.mark.parametrize(
    ("stage", "cause", "names"),
    [
        ("bad-image", "bad-image", "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:1"),
        ("unpublished-tag", "bad-image", "2.7.0-tgi9.9.9"),
        ("one-of-two", "bad-image", "nothing:3"),
        ("model-not-found", "model-not-found", "acme/none"),
        ("gated-model", "gated-model", "meta-llama/Llama-3.1-8B-Instruct"),
        ("gated-to-this-token", "gated-model", "gated/model"),
        ("out-of-gpu-memory", "out-of-gpu-memory", "ml.g5.2xlarge"),
        ("no-memory-for-a-prompt", "out-of-gpu-memory", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("health-check-timeout", "health-check-timeout", "60 s"),
        ("no-quota", "no-quota", "0 instances of ml.p4d.24xlarge"),
        ("wrong-role", "wrong-role", "arn:aws:iam::123456789012:role/llm-twin-wrong-role-endpoint-Role-"),
        ("missing-weights", "missing-weights", "s3://no-such-bucket/weights/"),
        ("missing-adapter", "missing-adapter", "s3://half-published/none.tar.gz"),
        ("incomplete-weights", "incomplete-weights", "a file of the model is missing"),
        ("no-room-on-instances", "no-room-on-instances", "ml.g5.2xlarge"),
        ("engine-settings", "engine-settings", "settings"),
    ],
)
def test_the_cause_of_a_deployment_that_was_rolled_back_is_named(aws, diagnose, stage, cause, names):
    assert aws.settled(stage) == "ROLLBACK_COMPLETE"
    code, found = diagnose(stage)
    assert (code, found["verdict"], found["cause"]["name"]) == (10, "cause-found", cause)
    assert names in found["cause"]["explanation"]
    assert "(unknown" not in found["cause"]["explanation"] + found["cause"]["next_step"]
    decisive = found["evidence"][0]
    assert decisive["source"].startswith("stack event of ")
    assert decisive["time"]
    assert "Nothing serves: the stack's creation was rolled back." in found["notes"]


def test_a_healthy_deployment_ends_with_0(aws, diagnose):
    assert aws.settled("healthy") == "CREATE_COMPLETE"
    code, found = diagnose("healthy")
    assert (code, found["verdict"], found["cause"], found["evidence"]) == (0, "healthy", None, [])


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        ("gated-model", "GatedRepoError"),
        ("out-of-gpu-memory", "CUDA out of memory"),
        ("incomplete-weights", "weight head does not exist"),
        ("health-check-timeout", "Starting check and download process for slow/model"),
    ],
)
def test_the_containers_last_lines_are_among_the_evidence(aws, diagnose, stage, line):
    aws.settled(stage)
    _, found = diagnose(stage)
    logged = [piece for piece in found["evidence"] if piece["source"].startswith("log /aws/sagemaker/Inference")]
    assert f"/InferenceComponents/Llm-{stage}," in logged[-1]["source"]
    assert line in logged[-1]["text"]


@pytest.mark.parametrize("stage", ["bad-image", "one-of-two"])
def test_a_container_that_printed_nothing_is_said_to_have_never_started(aws, diagnose, stage):
    aws.settled(stage)
    _, found = diagnose(stage)
    assert found["evidence"][-1]["source"] == "CloudWatch Logs"
    assert found["evidence"][-1]["text"].startswith("The container never started")


def test_an_adapter_has_no_container_that_could_have_started(aws, diagnose):
    aws.settled("missing-adapter")
    _, found = diagnose("missing-adapter")
    assert [piece["source"] for piece in found["evidence"]] == [
        "stack event of Adapter (AWS::SageMaker::InferenceComponent)"
    ]


def test_people_get_one_cause_one_step_and_the_evidence(aws, diagnose, twin):
    aws.settled("missing-weights")
    ended = twin("diagnose", "--stage", "missing-weights")
    assert ended.code == 10
    assert ended.out.count("cause: ") == ended.out.count("next step: ") == 1
    assert "There are no weights at s3://no-such-bucket/weights/" in ended.out
    assert "`twin publish`" in ended.out
    assert "stack event of Model (AWS::SageMaker::Model)" in ended.out
