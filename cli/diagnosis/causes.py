r"""The causes that are known, each by the words in which AWS, the hub or the engine report it.

The order is the order in which they are tried: what names its own reason goes before what is only its effect. A failed
health check is the effect of nearly everything, so it is tried last. An explanation and a next step may name what the
signature's groups caught and the facts of the deployment (facts.py).
"""

import re

from cli.diagnosis.cause import Cause


def _cause(name: str, signature: str, explanation: str, next_step: str) -> Cause:
    return Cause(
        name=name, signature=re.compile(signature, re.IGNORECASE), explanation=explanation, next_step=next_step
    )


CAUSES = (
    # https://github.com/aws-samples/sagemaker-custom-project-templates/issues/51
    _cause(
        "no-quota",
        r"account-level service limit '(?P<instance>\S+) for endpoint usage' is (?P<limit>\d+) Instances?, with "
        r"current utilization of (?P<used>\d+) Instances? and a request delta of (?P<wanted>\d+)|ResourceLimitExceeded",
        "The account may run {limit} instances of {instance} for endpoints in this region; {used} run, and {wanted} "
        "more were asked for.",
        "Ask for more of '{instance} for endpoint usage' under Service Quotas > Amazon SageMaker in this region, or "
        "deploy with -c instance_type= of a type that has quota (`twin doctor` shows it).",
    ),
    # https://github.com/aws/deep-learning-containers/pull/6673
    _cause(
        "insufficient-capacity",
        r"InsufficientInstanceCapacity|Unable to provision requested ML compute capacity|CapacityError",
        "AWS has no free instance of {instance} in this region at the moment; nothing is wrong with the deployment.",
        "Deploy again later, or with -c instance_type= of another type (`twin plan` shows which fit), or elsewhere.",
    ),
    _cause(
        "wrong-role",
        r"Could not assume role (?P<role>arn:\S+?)\.?(?:\s|$)",
        "SageMaker may not take on the execution role {role}: it does not exist, or does not trust SageMaker.",
        "Give the role a trust policy that allows sts:AssumeRole to sagemaker.amazonaws.com, or deploy with the role "
        "that the stack makes.",
    ),
    _cause(
        "deployer-not-allowed",
        r"(?P<who>arn:\S+) is not authorized to perform: (?P<action>[\w:-]+)",
        "{who} may not do {action}, which the deployment needs.",
        "Have {action} allowed to it, and deploy again.",
    ),
    # An archive is an adapter's: weights are a prefix.
    _cause(
        "missing-adapter",
        r"Could not find model data at (?P<uri>s3://\S+\.tar\.gz)\.?(?:\s|$)",
        "There is no archive of an adapter at {uri}.",
        "Copy the adapter's archive there, or correct -c adapters=, and deploy again.",
    ),
    # https://github.com/aws-ia/ecs-blueprints/issues/223
    _cause(
        "missing-weights",
        r"Could not find model data at (?P<uri>s3://\S+?)\.?(?:\s|$)",
        "There are no weights at {uri}.",
        "Publish them (`twin publish` prints the prefix that it filled), correct -c s3_uri=, and deploy again.",
    ),
    # What TGI, vLLM and transformers say of a folder that lacks a file: text_generation_server/utils/hub.py and
    # weights.py, vllm/model_executor/model_loader/default_loader.py.
    _cause(
        "incomplete-weights",
        r"\bweight \S+ does not exist|No local weights found in|Cannot find any model weights with|"
        r"weights were not initialized from checkpoint|"
        r"does not appear to have a file named config\.json",
        "The weights under the prefix in S3 are not whole: a file of the model is missing.",
        "`twin doctor` with the same settings names the file; `twin publish`, run again, puts it there. Deploy again.",
    ),
    # https://github.com/philschmid/llm-sagemaker-sample/issues/2
    _cause(
        "unreadable-weights",
        r"Could not access model data at (?P<uri>\S+?)\.?\s",
        "The execution role may not read {uri}.",
        "Allow the role s3:GetObject on the prefix and s3:ListBucket on its bucket, in the endpoint's region, and the "
        "bucket's key if it has one.",
    ),
    # https://github.com/aws/sagemaker-python-sdk/issues/1835
    # https://github.com/aws-samples/easy-amazon-sagemaker-deployments/issues/4
    _cause(
        "bad-image",
        r"CannotPullContainerError|Requested image .* not found|Cannot find repository|ECR image .* is invalid|"
        r"make sure all images included in the model",
        "The container image {image} does not exist, or the execution role may not pull it.",
        "Compare the image's account, repository and tag with those of model/images.json for this region, and check "
        "that the role may do ecr:BatchGetImage on it.",
    ),
    # huggingface_hub's errors. The hub answers 401 both for a gated model and for one that does not exist; what tells
    # them apart is the class. https://github.com/xorbitsai/inference/issues/1734
    _cause(
        "gated-model",
        r"GatedRepoError|Cannot access gated repo|Access to model (?P<gated>\S+) is restricted|(?<=model )\S+ is gated",
        "{model} is gated on the hub, and the container has no token that may read it (it is given none).",
        "Accept the model's terms on the hub, copy its weights to S3 with your own token (`twin publish`), and deploy "
        "with -c s3_uri=s3://BUCKET/PREFIX/.",
    ),
    # https://github.com/mantiumai/aws-sagemaker-gptj-deepspeed-blog/issues/6
    _cause(
        "model-not-found",
        r"RepositoryNotFoundError|Repository Not Found for url",
        "The hub has no public model {model}: the id is misspelt, or the model is private.",
        "Correct the id of the model; weights of a private one go to S3 (-c s3_uri=s3://BUCKET/PREFIX/).",
    ),
    _cause(
        "revision-not-found",
        r"RevisionNotFoundError|Revision Not Found for url",
        "The hub has {model}, but not the revision {revision}.",
        "Pin a commit that the hub has: `twin model add {model}` reads the newest.",
    ),
    _cause(
        "hub-unreachable",
        r"LocalEntryNotFoundError|outgoing traffic has been disabled|"
        r"(?:MaxRetryError|ConnectError|ConnectionError|NameResolutionError).*(?:huggingface\.co|/api/models/)",
        "The container did not reach the hub: it is cut off from the network, or the hub did not answer.",
        "Deploy weights from S3 (-c s3_uri=s3://BUCKET/PREFIX/), or give the container a way to the hub.",
    ),
    # https://github.com/huggingface/text-generation-inference/issues/866 and /755; vLLM: vllm/v1/core/kv_cache_utils.py
    _cause(
        "out-of-gpu-memory",
        r"CUDA out of memory|OutOfMemoryError|Not enough memory to handle \d+ prefill tokens|"
        r"No available memory for the cache blocks|"
        r"is larger than the (?:maximum|available) (?:number of tokens|KV cache)",
        "{model} and its caches do not fit into the memory of the GPUs that one copy has on {instance}.",
        "`twin plan` shows what fits: more GPUs a copy (-c gpus_per_copy=), a larger -c instance_type=, a -c "
        "quantization=, or lower token limits.",
    ),
    _cause(
        "engine-settings",
        r"ArgumentValidation|`max_input_(?:tokens|length)`.* must be <|`max_total_tokens` must be|"
        r"Only 1 can be set between|HF_MODEL_ID must be set|is beyond the window of|is not allowed: it must be|"
        r"is not known: allowed are|vllm serve: error:|User-specified max_model_len \(\d+\) is greater than",
        "The engine refuses its settings: {line}",
        "Correct the setting that it names, and deploy again.",
    ),
    _cause(
        "no-room-on-instances",
        r"not enough hardware resources on the instances",
        "No instance of the endpoint ({instance}) has the GPUs, cores and main memory free that a further copy "
        "reserves.",
        "Allow more instances (-c max_instances=), fewer copies (-c max_copies=), or take a larger -c instance_type=.",
    ),
    _cause(
        "alarm-rolled-back",
        r"(?:rolled back.*)?\balarm (?P<alarm>\S+) (?:is in|went (?:in)?to) ALARM|rolled back.*\balarms?\b",
        "The update was rolled back because the CloudWatch alarm {alarm} went off: requests failed while it went on.",
        "Read in the component's log what failed in the time of the update, and mend that. If requests failed before, "
        "too, deploy with -c roll_back_on_errors=false.",
    ),
    _cause(
        "name-taken",
        r"Cannot create already existing|"
        r"(?:resource|endpoint|model|component|role|policy|parameter)\b.{0,200}already exists",
        "Something of that name is there already and belongs to another stack, or to none.",
        "Delete what is in the way, or deploy under another name (-c name=).",
    ),
    # https://github.com/aws/amazon-sagemaker-examples/issues/210
    _cause(
        "container-ended",
        r"exited with code (?P<code>-?\d+)|was ended by signal (?P<signal>\d+)",
        "The container started and ended by itself before it answered /ping.",
        "Its last lines say why; they are below.",
    ),
    _cause(
        "health-check-timeout",
        r"did not pass the ping health check",
        "The container did not answer /ping in the {startup_timeout} s that it is given. {printed}",
        "If its last lines show progress, give it more time (-c startup_timeout_s=, at most 3600) or its weights from "
        "S3 (-c s3_uri=), which is faster; if they do not, what they stop at is the cause.",
    ),
    _cause(
        "not-deleted",
        r"^DELETE_FAILED: ",
        "CloudFormation could not delete what the event names: something is still in it, or uses it.",
        "Empty it, or take away what uses it, and run `cdk destroy` again; `twin down --verify` names what is left and "
        "what it costs.",
    ),
    _cause(
        "endpoint-on-another-configuration",
        r"the stack has (?P<stacks>.+); what serves is (?P<serves>.+)",
        "CloudFormation says that all is done, and what serves is not what the stack made: SageMaker went back to what "
        "was before, or somebody changed it by hand.",
        "Deploy again with any change to the model or its settings, so that CloudFormation sees a difference to make.",
    ),
    _cause(
        "endpoint-gone",
        r"status none: .*",
        "The stack is there, and what it made has been deleted behind its back.",
        "Destroy the stack (`cdk destroy`), which passes over what is gone, and deploy it anew.",
    ),
)
