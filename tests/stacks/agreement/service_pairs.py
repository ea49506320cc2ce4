"""What must agree within the service's template, and between it and the endpoint's."""

import json
import operator
import re
from typing import Any

from tests.stacks.agreement.deployment import Deployment, Properties, as_list, attributes
from tests.stacks.agreement.pair import Pair, put

SERVICE = "AWS::ECS::Service"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
BUCKET = "AWS::S3::Bucket"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
LOG = "AWS::Logs::LogGroup"
ELSEWHERE = {"Ref": "Another"}


def _registered(d: Deployment) -> Properties:
    (registered,) = d.service.only(SERVICE)["LoadBalancers"]
    return registered


def _port(d: Deployment) -> int:
    (mapping,) = d.task["PortMappings"]
    return mapping["ContainerPort"]


def _check(d: Deployment) -> str:
    """The address that the container's own health check asks."""
    (address,) = re.findall(r"http://[^']+", d.task["HealthCheck"]["Command"][-1])
    return address


def _mount(d: Deployment) -> Properties:
    (mount,) = d.task["MountPoints"]
    return mount


def _volume(d: Deployment) -> Properties:
    (volume,) = d.service.only("AWS::ECS::TaskDefinition")["Volumes"]
    return volume


def _action(d: Deployment) -> Properties:
    (action,) = d.service.only(LISTENER)["DefaultActions"]
    return action


def _idle_s(d: Deployment) -> int:
    return int(attributes(d.service.only(BALANCER), "LoadBalancerAttributes")["idle_timeout.timeout_seconds"])


def _drain_s(d: Deployment) -> int:
    return int(attributes(d.service.only(GROUP), "TargetGroupAttributes")["deregistration_delay.timeout_seconds"])


def _number(name: str) -> Any:
    return lambda d: int(d.environment[f"TWIN_SERVICE_{name}"])


def _role(d: Deployment, which: str) -> str:
    return d.service.only("AWS::ECS::TaskDefinition")[which]["Fn::GetAtt"][0]


def _allowed_to_task(d: Deployment, action: str) -> list[Any]:
    return as_list(d.statement(action, of=d.service, role=_role(d, "TaskRoleArn"))["Resource"])


def _allowed_at_start(d: Deployment, action: str) -> list[Any]:
    return as_list(d.statement(action, of=d.service, role=_role(d, "ExecutionRoleArn"))["Resource"])


def _policy_names(d: Deployment) -> list[str]:
    """What the task's role is attached to, after the account."""
    role = d.service.all("AWS::IAM::Role")[_role(d, "TaskRoleArn")]
    return [arn["Fn::Join"][1][-1] for arn in role["ManagedPolicyArns"]]


def _label(d: Deployment) -> str:
    (label,) = (
        json.dumps(metric["ResourceLabel"])
        for policy in d.service.policies("TargetTrackingScaling").values()
        if "ResourceLabel"
        in (metric := policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"])
    )
    return label


def _admitted_by_endpoint(d: Deployment) -> int:
    return d.target["MaxCapacity"] * int(d.told("requests") or 0)


def _parts(value: Any) -> list[Any]:
    return value["Fn::Join"][1]


PAIRS = (
    Pair(
        name="the container's port is the one that the load balancer sends to",
        one=_port,
        other=lambda d: d.service.only(GROUP)["Port"],
        breaks=lambda d: put(d.service.only(GROUP), "Port", 80),
    ),
    Pair(
        name="the container's port is the one that is registered",
        one=lambda d: (d.task["Name"], _port(d), d.service.ref(GROUP)),
        other=lambda d: (
            _registered(d)["ContainerName"],
            _registered(d)["ContainerPort"],
            _registered(d)["TargetGroupArn"],
        ),
        breaks=lambda d: put(_registered(d), "ContainerPort", 80),
    ),
    Pair(
        name="the service listens on the container's port",
        one=_number("PORT"),
        other=_port,
        breaks=lambda d: d.tell_service("TWIN_SERVICE_PORT", "80"),
    ),
    Pair(
        name="the container's health check asks what the load balancer asks",
        one=_check,
        other=lambda d: f"http://127.0.0.1:{_port(d)}{d.service.only(GROUP)['HealthCheckPath']}",
        breaks=lambda d: put(d.service.only(GROUP), "HealthCheckPath", "/"),
    ),
    Pair(
        name="the firewall lets the load balancer through to the container's port",
        one=lambda d: {_port(d)},
        other=lambda d: {
            rule[end]
            for kind in ("Egress", "Ingress")
            for rule in d.service.all(f"AWS::EC2::SecurityGroup{kind}").values()
            if rule["Description"] == "Load balancer to tasks"
            for end in ("FromPort", "ToPort")
        },
        breaks=lambda d: [
            put(rule, "ToPort", 1)
            for rule in d.service.all("AWS::EC2::SecurityGroupIngress").values()
            if rule["Description"] == "Load balancer to tasks"
        ],
    ),
    Pair(
        name="a task is given the same time to start by both health checks",
        one=lambda d: d.service.only(SERVICE)["HealthCheckGracePeriodSeconds"],
        other=lambda d: d.task["HealthCheck"]["StartPeriod"],
        breaks=lambda d: put(d.task["HealthCheck"], "StartPeriod", 1),
    ),
    Pair(
        name="the listener sends to the group of the service",
        one=lambda d: _action(d)["TargetGroupArn"],
        other=lambda d: d.service.ref(GROUP),
        breaks=lambda d: put(_action(d), "TargetGroupArn", ELSEWHERE),
    ),
    Pair(
        name="no answer is as long as a connection may be silent",
        one=_number("ANSWER_TIMEOUT_S"),
        other=_idle_s,
        relation=operator.lt,
        breaks=lambda d: d.tell_service("TWIN_SERVICE_ANSWER_TIMEOUT_S", "4000"),
    ),
    Pair(
        name="the load balancer is the first to close an idle connection",
        one=_number("KEEP_ALIVE_S"),
        other=_idle_s,
        relation=operator.gt,
        breaks=lambda d: d.tell_service("TWIN_SERVICE_KEEP_ALIVE_S", "60"),
    ),
    Pair(
        name="a task that is taken out may finish its answers",
        one=_drain_s,
        other=_number("ANSWER_TIMEOUT_S"),
        breaks=lambda d: d.tell_service("TWIN_SERVICE_ANSWER_TIMEOUT_S", "7"),
    ),
    Pair(
        name="a task is stopped by itself before ECS kills it",
        one=_number("SHUTDOWN_GRACE_S"),
        other=lambda d: d.task["StopTimeout"],
        relation=operator.lt,
        breaks=lambda d: put(d.task, "StopTimeout", 2),
    ),
    Pair(
        name="documents are where the service looks",
        one=lambda d: d.environment["TWIN_SERVICE_STORE"],
        other=lambda d: {"Fn::Join": ["", ["s3://", d.service.ref(BUCKET), "/knowledge"]]},
        breaks=lambda d: d.tell_service("TWIN_SERVICE_STORE", "s3://another/knowledge"),
    ),
    Pair(
        name="the service may read and write the bucket that it looks in",
        one=lambda d: {json.dumps(_allowed_to_task(d, f"s3:{verb}Object")) for verb in ("Get", "Put", "Delete")},
        other=lambda d: {json.dumps([{"Fn::Join": ["", [d.service.attribute(BUCKET, "Arn"), "/*"]]}])},
        breaks=lambda d: _parts(_allowed_to_task(d, "s3:PutObject")[0]).pop(),
    ),
    Pair(
        name="keys are where the service looks",
        one=lambda d: d.environment["TWIN_SERVICE_API_KEYS_SECRET"],
        other=lambda d: d.service.ref(SECRET),
        breaks=lambda d: d.tell_service("TWIN_SERVICE_API_KEYS_SECRET", ELSEWHERE),
    ),
    Pair(
        name="the service may read the keys",
        one=lambda d: _allowed_to_task(d, "secretsmanager:GetSecretValue"),
        other=lambda d: [d.environment["TWIN_SERVICE_API_KEYS_SECRET"]],
        breaks=lambda d: d.tell_service("TWIN_SERVICE_API_KEYS_SECRET", ELSEWHERE),
    ),
    Pair(
        name="the endpoint is found where its stack publishes it",
        one=lambda d: {d.environment["TWIN_SERVICE_ENDPOINT_SSM_PATH"]},
        other=lambda d: {name.rpartition("/")[0] for name in d.endpoint.parameters},
        breaks=lambda d: d.tell_service("TWIN_SERVICE_ENDPOINT_SSM_PATH", "/llm-twin/another"),
    ),
    Pair(
        name="the service may read what is published",
        one=lambda d: {_parts(resource)[-1] for resource in _allowed_to_task(d, "ssm:GetParametersByPath")},
        other=lambda d: {f":parameter{d.environment['TWIN_SERVICE_ENDPOINT_SSM_PATH']}{end}" for end in ("", "/*")},
        breaks=lambda d: d.tell_service("TWIN_SERVICE_ENDPOINT_SSM_PATH", "/llm-twin/another"),
    ),
    Pair(
        name="the service invokes by the policy that the endpoint's stack makes",
        one=_policy_names,
        other=lambda d: [f":policy/{d.endpoint.only('AWS::IAM::ManagedPolicy')['ManagedPolicyName']}"],
        breaks=lambda d: put(d.endpoint.only("AWS::IAM::ManagedPolicy"), "ManagedPolicyName", "another"),
    ),
    Pair(
        name="the word of the network that the load balancer stands in is taken",
        one=lambda d: d.environment["TWIN_SERVICE_TRUSTED_PROXIES"],
        other=lambda d: d.service.only("AWS::EC2::VPC")["CidrBlock"],
        breaks=lambda d: put(d.service.only("AWS::EC2::VPC"), "CidrBlock", "10.0.0.0/16"),
    ),
    Pair(
        name="the folder that is written to is on the volume",
        one=lambda d: d.environment["TWIN_SERVICE_SPOOL_FOLDER"],
        other=lambda d: f"{_mount(d)['ContainerPath']}/",
        relation=str.startswith,
        breaks=lambda d: d.tell_service("TWIN_SERVICE_SPOOL_FOLDER", "/var/spool"),
    ),
    Pair(
        name="the volume that is mounted is the one that there is",
        one=lambda d: _mount(d)["SourceVolume"],
        other=lambda d: _volume(d)["Name"],
        breaks=lambda d: put(_volume(d), "Name", "another"),
    ),
    Pair(
        name="output goes to the log that forgets",
        one=lambda d: d.task["LogConfiguration"]["Options"]["awslogs-group"],
        other=lambda d: d.service.ref(LOG),
        breaks=lambda d: put(d.task["LogConfiguration"]["Options"], "awslogs-group", "another"),
    ),
    Pair(
        name="a task may write to its log",
        one=lambda d: _allowed_at_start(d, "logs:PutLogEvents"),
        other=lambda d: [d.service.attribute(LOG, "Arn")],
        breaks=lambda d: put(
            d.statement("logs:PutLogEvents", of=d.service, role=_role(d, "ExecutionRoleArn")), "Resource", ELSEWHERE
        ),
    ),
    Pair(
        name="a task is started with the image that runs",
        one=lambda d: _parts(_allowed_at_start(d, "ecr:BatchGetImage")[0])[-1].rpartition("/")[2],
        other=lambda d: _parts(d.task["Image"])[-1].strip("/").partition(":")[0],
        breaks=lambda d: put(_parts(d.task["Image"]), -1, "/another:1"),
    ),
    Pair(
        name="the scaling target is the service",
        one=lambda d: _parts(d.service.only(TARGET)["ResourceId"]),
        other=lambda d: ["service/", d.service.ref("AWS::ECS::Cluster"), "/", d.service.attribute(SERVICE, "Name")],
        breaks=lambda d: put(_parts(d.service.only(TARGET)["ResourceId"]), -1, ELSEWHERE),
    ),
    Pair(
        name="scaling counts the requests of the group",
        one=_label,
        other=lambda d: (d.service.name(LISTENER), d.service.name(GROUP)),
        relation=lambda label, names: all(name in label for name in names),
        breaks=lambda d: [
            put(metric, "ResourceLabel", "another")
            for policy in d.service.policies("TargetTrackingScaling").values()
            if "ResourceLabel"
            in (metric := policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"])
        ],
    ),
    Pair(
        name="all tasks together admit no more than the endpoint at its largest",
        one=lambda d: d.service.only(TARGET)["MaxCapacity"] * int(d.environment["TWIN_SERVICE_MAX_ANSWERS"]),
        other=_admitted_by_endpoint,
        relation=operator.le,
        breaks=lambda d: d.tell_service("TWIN_SERVICE_MAX_ANSWERS", "1000"),
    ),
    Pair(
        name="the service's parameters have the values of its outputs",
        one=lambda d: {name.rpartition("/")[2]: value for name, value in d.service.parameters.items()},
        other=lambda d: d.service.outputs,
        breaks=lambda d: put(d.service.document["Outputs"]["KnowledgeBucketName"], "Value", "another"),
    ),
    Pair(
        name="the service that is published is the one that there is",
        one=lambda d: {
            key: d.service.output(key) for key in ("LoadBalancerDnsName", "KnowledgeBucketName", "ApiKeysSecretArn")
        },
        other=lambda d: {
            "LoadBalancerDnsName": d.service.attribute(BALANCER, "DNSName"),
            "KnowledgeBucketName": d.service.ref(BUCKET),
            "ApiKeysSecretArn": d.service.ref(SECRET),
        },
        breaks=lambda d: put(d.service.document["Outputs"]["ApiKeysSecretArn"], "Value", ELSEWHERE),
    ),
    Pair(
        name="an address is published when the service is up",
        one=lambda d: [
            d.service.name(SERVICE) in d.service.document["Resources"][name]["DependsOn"]
            for name in d.service.all("AWS::SSM::Parameter")
        ],
        other=lambda d: [True] * len(d.service.outputs),
        breaks=lambda d: put(
            d.service.document["Resources"][min(d.service.all("AWS::SSM::Parameter"))], "DependsOn", []
        ),
    ),
    Pair(
        name="no stack publishes what another publishes",
        one=lambda d: sorted([*d.endpoint.outputs, *d.service.outputs, *d.monitoring.outputs]),
        other=lambda d: sorted({*d.endpoint.outputs, *d.service.outputs, *d.monitoring.outputs}),
        breaks=lambda d: put(d.service.document["Outputs"], "Region", {"Value": "us-east-1"}),
    ),
)
