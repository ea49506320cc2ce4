"""Who reaches whom: callers the load balancer, it the tasks, they the AWS services that they need, and nothing else."""

import json

import pytest

ANYWHERE = "0.0.0.0/0"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
DENY_ALL = "255.255.255.255/32"


class Template:
    def __init__(self, body):
        self.resources = body["Resources"]
        self.outputs = body["Outputs"]

    def all(self, kind):
        return {name: b["Properties"] for name, b in self.resources.items() if b["Type"] == f"AWS::{kind}"}

    def only(self, kind):
        ((name, properties),) = self.all(kind).items()
        return name, properties

    def group_of(self, reference):
        return reference["Fn::GetAtt"][0]

    def rules(self):
        """Every rule as (direction, group, peer, port)."""
        found = set()
        for name, group in self.all("EC2::SecurityGroup").items():
            for way in ("Ingress", "Egress"):
                for rule in group.get(f"SecurityGroup{way}", ()):
                    if rule["CidrIp"] != DENY_ALL:
                        found.add((way, name, rule["CidrIp"], rule["FromPort"], rule["ToPort"]))
        for way, peer in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
            for rule in self.all(f"EC2::SecurityGroup{way}").values():
                group, other = self.group_of(rule["GroupId"]), self.group_of(rule[peer])
                found.add((way, group, other, rule["FromPort"], rule["ToPort"]))
        return found

    def groups(self):
        """The groups of the load balancer, the tasks and the VPC endpoints."""
        (front,) = self.only("ElasticLoadBalancingV2::LoadBalancer")[1]["SecurityGroups"]
        network = self.only("ECS::Service")[1]["NetworkConfiguration"]["AwsvpcConfiguration"]
        (tasks,) = network["SecurityGroups"]
        interfaces = [e for e in self.all("EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Interface"]
        ((aws,),) = {tuple(map(self.group_of, endpoint["SecurityGroupIds"])) for endpoint in interfaces}
        return self.group_of(front), self.group_of(tasks), aws


def load(path):
    return Template(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture
def internal(service_template):
    return Template(service_template)


@pytest.fixture(scope="module")
def public(synthesize_service):
    settings = {"service_public": "true", "service_certificate_arn": CERTIFICATE, "service_domain": "twin.example.com"}
    return load(synthesize_service(stage="dev", **settings))


def rules_between(front, tasks, aws, *, callers, port):
    return {
        ("Ingress", front, callers, port, port),
        ("Egress", front, tasks, 8000, 8000),
        ("Ingress", tasks, front, 8000, 8000),
        ("Egress", tasks, aws, 443, 443),
        ("Ingress", aws, tasks, 443, 443),
        # To S3: the route table knows no other way out.
        ("Egress", tasks, ANYWHERE, 443, 443),
    }


def test_by_default_callers_are_in_the_network_and_the_load_balancer_is(internal):
    assert internal.only("ElasticLoadBalancingV2::LoadBalancer")[1]["Scheme"] == "internal"
    assert internal.rules() == rules_between(*internal.groups(), callers="10.42.0.0/16", port=80)


def test_there_is_no_way_between_the_private_subnets_and_the_internet(internal):
    for kind in ("InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Route"):
        assert not internal.all(f"EC2::{kind}")


def test_tasks_run_in_two_zones_without_public_addresses(internal):
    network = internal.only("ECS::Service")[1]["NetworkConfiguration"]["AwsvpcConfiguration"]
    subnets = internal.all("EC2::Subnet")
    assert network["AssignPublicIp"] == "DISABLED"
    assert {subnet["Ref"] for subnet in network["Subnets"]} == subnets.keys()
    assert sorted(s["AvailabilityZone"]["Fn::Select"][0] for s in subnets.values()) == [0, 1]


def test_every_service_that_a_task_calls_is_reached_and_no_other(internal):
    endpoints = internal.all("EC2::VPCEndpoint").values()
    names = {e["ServiceName"] for e in endpoints if e["VpcEndpointType"] == "Interface"}
    assert names == {
        f"com.amazonaws.us-east-1.{service}"
        for service in ("ecr.api", "ecr.dkr", "logs", "sagemaker.api", "sagemaker.runtime", "secretsmanager", "ssm")
    }
    assert all(e["PrivateDnsEnabled"] for e in endpoints if e["VpcEndpointType"] == "Interface")


def test_through_the_gateway_to_s3_only_the_bucket_and_the_registry_are_reached(internal):
    (gateway,) = (e for e in internal.all("EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Gateway")
    tables = {
        association["RouteTableId"]["Ref"] for association in internal.all("EC2::SubnetRouteTableAssociation").values()
    }
    assert {table["Ref"] for table in gateway["RouteTableIds"]} == tables
    bucket = {"Fn::GetAtt": [internal.only("S3::Bucket")[0], "Arn"]}
    layers, documents = gateway["PolicyDocument"]["Statement"]
    assert layers["Resource"] == "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"
    assert layers["Action"] == "s3:GetObject"
    assert documents["Resource"] == [bucket, {"Fn::Join": ["", [bucket, "/*"]]}]


def test_a_task_starts_when_the_ways_are_open(internal):
    name, _ = internal.only("ECS::Service")
    waits_for = set(internal.resources[name]["DependsOn"])
    assert waits_for >= internal.all("EC2::VPCEndpoint").keys()
    assert (
        waits_for >= internal.all("EC2::SecurityGroupIngress").keys() | internal.all("EC2::SecurityGroupEgress").keys()
    )


def test_a_public_service_listens_on_https_only(public):
    assert public.only("ElasticLoadBalancingV2::LoadBalancer")[1]["Scheme"] == "internet-facing"
    _, listener = public.only("ElasticLoadBalancingV2::Listener")
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert public.outputs["ServiceUrl"]["Value"] == "https://twin.example.com"
    assert public.rules() == rules_between(*public.groups(), callers=ANYWHERE, port=443)


def test_tasks_of_a_public_service_stay_in_the_private_subnets(public):
    network = public.only("ECS::Service")[1]["NetworkConfiguration"]["AwsvpcConfiguration"]
    (balancer,) = public.all("ElasticLoadBalancingV2::LoadBalancer").values()
    tasks, front = ({subnet["Ref"] for subnet in s} for s in (network["Subnets"], balancer["Subnets"]))
    assert not tasks & front
    associations = public.all("EC2::SubnetRouteTableAssociation").values()
    table_of = {a["SubnetId"]["Ref"]: a["RouteTableId"]["Ref"] for a in associations}
    outside = {route["RouteTableId"]["Ref"] for route in public.all("EC2::Route").values()}
    assert {table_of[subnet] for subnet in front} == outside
    assert not {table_of[subnet] for subnet in tasks} & outside


def test_going_public_moves_no_task_and_makes_load_balancer_and_group_anew(public, service_templates):
    """A load balancer cannot change its scheme, and a target group cannot belong to the old and the new at once."""
    before = Template(service_templates["dev"])
    for kind in ("EC2::Subnet", "ECS::Service", "EC2::VPC"):
        old = before.all(kind)
        assert old.keys() <= public.all(kind).keys()
    assert all(public.all("EC2::Subnet")[name] == subnet for name, subnet in before.all("EC2::Subnet").items())
    for kind in ("LoadBalancer", "Listener", "TargetGroup"):
        assert (
            not before.all(f"ElasticLoadBalancingV2::{kind}").keys()
            & public.all(f"ElasticLoadBalancingV2::{kind}").keys()
        )


def test_who_may_connect_can_be_named(synthesize_service):
    named = load(synthesize_service(stage="dev", service_callers="10.0.0.0/8,192.168.7.0/24"))
    front, *_ = named.groups()
    callers = {peer for way, group, peer, *_ in named.rules() if (way, group) == ("Ingress", front)}
    assert callers == {"10.0.0.0/8", "192.168.7.0/24"}
