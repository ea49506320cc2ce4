import pytest

from tests.local.aws.cloudformation.updates import Case, Clients, check, resource, tags

NETWORK = {
    "Vpc": resource("EC2::VPC", CidrBlock="10.1.0.0/16"),
    "Subnet": resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.1.0.0/24", AvailabilityZone="us-east-1a"),
    "Other": resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.1.1.0/24", AvailabilityZone="us-east-1b"),
}

CASES = {
    "security group": Case(
        beside=NETWORK,
        before=resource(
            "EC2::SecurityGroup",
            GroupDescription="d",
            VpcId={"Ref": "Vpc"},
            SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"}],
        ),
        after=resource(
            "EC2::SecurityGroup",
            GroupDescription="d",
            VpcId={"Ref": "Vpc"},
            SecurityGroupEgress=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}],
        ),
        seen=lambda c, i: [
            [
                (rule.get("FromPort"), [r["CidrIp"] for r in rule["IpRanges"]])
                for rule in c("ec2").describe_security_groups(GroupIds=[i["It"]])["SecurityGroups"][0][kind]
            ]
            for kind in ("IpPermissions", "IpPermissionsEgress")
        ],
        expected=([[(80, ["0.0.0.0/0"])], [(None, ["0.0.0.0/0"])]], [[], [(443, ["10.0.0.0/8"])]]),
    ),
    "subnet and network": Case(
        beside=NETWORK,
        before=resource(
            "EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.1.2.0/24", MapPublicIpOnLaunch=True, Tags=tags(a="1")
        ),
        after=resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.1.2.0/24", Tags=tags(b="2")),
        seen=lambda c, i: [
            (s["MapPublicIpOnLaunch"], [t for t in s["Tags"] if len(t["Key"]) == 1])
            for s in c("ec2").describe_subnets(SubnetIds=[i["It"]])["Subnets"]
        ],
        expected=([(True, tags(a="1"))], [(False, tags(b="2"))]),
    ),
    "endpoint of a network": Case(
        beside=NETWORK | {"Group": resource("EC2::SecurityGroup", GroupDescription="d", VpcId={"Ref": "Vpc"})},
        before=resource(
            "EC2::VPCEndpoint",
            VpcId={"Ref": "Vpc"},
            VpcEndpointType="Interface",
            ServiceName="com.amazonaws.us-east-1.ssm",
            SubnetIds=[{"Ref": "Subnet"}],
            SecurityGroupIds=[{"Ref": "Group"}],
        ),
        after=resource(
            "EC2::VPCEndpoint",
            VpcId={"Ref": "Vpc"},
            VpcEndpointType="Interface",
            ServiceName="com.amazonaws.us-east-1.ssm",
            SubnetIds=[{"Ref": "Subnet"}, {"Ref": "Other"}],
            SecurityGroupIds=[{"Ref": "Group"}],
        ),
        seen=lambda c, i: len(
            c("ec2").describe_vpc_endpoints(VpcEndpointIds=[i["It"]])["VpcEndpoints"][0]["SubnetIds"]
        ),
        expected=(1, 2),
    ),
    "target group": Case(
        beside=NETWORK,
        before=resource(
            "ElasticLoadBalancingV2::TargetGroup",
            VpcId={"Ref": "Vpc"},
            Port=80,
            Protocol="HTTP",
            TargetType="ip",
            HealthCheckPath="/old",
        ),
        after=resource(
            "ElasticLoadBalancingV2::TargetGroup",
            VpcId={"Ref": "Vpc"},
            Port=80,
            Protocol="HTTP",
            TargetType="ip",
            HealthCheckPath="/new",
            TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
        ),
        seen=lambda c, i: (
            c("elbv2").describe_target_groups(TargetGroupArns=[i["It"]])["TargetGroups"][0]["HealthCheckPath"],
            {
                a["Key"]: a["Value"]
                for a in c("elbv2").describe_target_group_attributes(TargetGroupArn=i["It"])["Attributes"]
            }["deregistration_delay.timeout_seconds"],
        ),
        expected=(("/old", "300"), ("/new", "5")),
    ),
    "listener": Case(
        beside=NETWORK
        | {
            "Balancer": resource(
                "ElasticLoadBalancingV2::LoadBalancer", Scheme="internal", Subnets=[{"Ref": "Subnet"}, {"Ref": "Other"}]
            )
        },
        before=resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn={"Ref": "Balancer"},
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        ),
        after=resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn={"Ref": "Balancer"},
            Port=8080,
            Protocol="HTTP",
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}],
        ),
        seen=lambda c, i: [
            (found["Port"], found["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"])
            for found in c("elbv2").describe_listeners(ListenerArns=[i["It"]])["Listeners"]
        ],
        expected=([(80, "404")], [(8080, "503")]),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_second_deployment_changes_what_the_api_shows(client: Clients, case: Case) -> None:
    check(client, case)
