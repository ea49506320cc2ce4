import json
from collections import Counter

import pytest

from model.hardware import find_instance
from model.standing_prices import HOURS_PER_MONTH

pytestmark = pytest.mark.usefixtures("region")


@pytest.fixture
def cost(account, twin):
    """Run `twin cost --json`; gives its exit code, its answer, and each kind's costs; read once."""

    def run(*arguments):
        if arguments not in account.bills:
            ended = twin("cost", "--json", *arguments)
            assert "Traceback" not in ended.err
            account.bills[arguments] = ended.code, json.loads(ended.out)
        code, bill = account.bills[arguments]
        return code, bill, {cost["what"]: cost for cost in bill["costs"]}

    return run


def test_every_thing_that_is_billed_while_it_stands_is_found_and_priced(cost):
    code, bill, by_kind = cost()
    assert (code, bill["complete"]) == (0, True)
    assert Counter(one["what"] for one in bill["costs"]) == {
        "endpoint": 1,
        "component": 1,
        # Of the stacks' own, and those that target tracking made: two of the copies', four of the tasks'.
        "alarm": 2 + 2 + 4 + 8,
        "dashboard": 1,
        "KMS key": 1,
        "topic": 1,
        "load balancer": 1,
        "interface endpoint": 7,
        "gateway endpoint": 1,
        "Fargate tasks": 1,
        "secret": 1,
        "bucket": 1,
        "log group": 1,
    }
    assert bill["usd_per_hour"] == pytest.approx(sum(one["usd_per_hour"] for one in bill["costs"]))
    assert bill["usd_per_month"] == pytest.approx(bill["usd_per_hour"] * HOURS_PER_MONTH)
    monthly = {what: round(one["usd_per_month"], 2) for what, one in by_kind.items()}
    assert monthly["dashboard"] == 3.0
    assert monthly["KMS key"] == 1.0
    assert monthly["secret"] == 0.4
    # A cent an hour in each of two zones.
    assert monthly["interface endpoint"] == 14.6
    assert by_kind["component"]["detail"].startswith("1 of 1 copies")


def test_an_endpoint_is_priced_by_its_instances_now_and_by_how_few_and_how_many_there_may_be(cost, account):
    price = find_instance("ml.g5.2xlarge").usd_per_hour
    endpoint = cost()[2]["endpoint"]
    (config,) = (
        account.client("sagemaker").describe_endpoint_config(EndpointConfigName=one["EndpointConfigName"])
        for one in account.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    )
    most = config["ProductionVariants"][0]["ManagedInstanceScaling"]["MaxInstanceCount"]
    assert endpoint["detail"] == "1 x ml.g5.2xlarge, InService"
    assert endpoint["usd_per_hour"] == price
    assert endpoint["usd_per_hour_idle"] == 0
    assert endpoint["usd_per_hour_least"] == price
    assert endpoint["usd_per_hour_most"] == most * price


def test_an_instance_type_without_a_known_price_is_said_and_not_guessed(cost, account):
    sagemaker = account.client("sagemaker")
    (endpoint,) = sagemaker.list_endpoints()["Endpoints"]
    described = sagemaker.describe_endpoint(EndpointName=endpoint["EndpointName"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    assert find_instance("ml.g6.16xlarge").usd_per_hour is None
    # The first has no quota here, so the instances are of the second.
    types = ("ml.p4d.24xlarge", "ml.g6.16xlarge")
    pools = [{"InstanceType": name, "Priority": priority} for priority, name in enumerate(types, start=1)]
    variant = config["ProductionVariants"][0] | {"InstancePools": pools}
    del variant["InstanceType"]
    sagemaker.create_endpoint_config(
        EndpointConfigName="unpriced", ExecutionRoleArn=config["ExecutionRoleArn"], ProductionVariants=[variant]
    )
    account.cloudformation.create_stack(
        StackName="llm-twin-unpriced-endpoint",
        TemplateBody=json.dumps(
            {
                "Resources": {
                    "Endpoint": {
                        "Type": "AWS::SageMaker::Endpoint",
                        "Properties": {"EndpointName": "llm-twin-unpriced", "EndpointConfigName": "unpriced"},
                    }
                }
            }
        ),
    )
    assert account.settled("llm-twin-unpriced-endpoint") == "CREATE_COMPLETE"
    code, bill, by_kind = cost("--stage", "unpriced")
    assert (code, bill["complete"], bill["usd_per_hour"]) == (10, False, 0)
    assert by_kind["endpoint"]["usd_per_hour"] is None
    assert by_kind["endpoint"]["detail"].startswith("1 x ml.g6.16xlarge")
    assert by_kind["endpoint"]["detail"].endswith("no price is known of ml.g6.16xlarge")
    assert "usd_per_hour_most" not in by_kind["endpoint"]
    account.cloudformation.delete_stack(StackName="llm-twin-unpriced-endpoint")
    account.settled("llm-twin-unpriced-endpoint")
    sagemaker.delete_endpoint_config(EndpointConfigName="unpriced")


def test_what_was_deleted_behind_the_stack_is_said_and_the_rest_is_reckoned(account, twin):
    cloudwatch = account.client("cloudwatch")
    (alarm,) = (one for one in cloudwatch.describe_alarms()["MetricAlarms"] if "UpdateServerErrors" in one["AlarmName"])
    cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    ended = twin("cost", "--json")
    (unknown,) = (one for one in json.loads(ended.out)["costs"] if one["usd_per_hour"] is None)
    assert (ended.code, unknown["name"]) == (10, alarm["AlarmName"])
    assert unknown["detail"] == "not read: AWS lists none"


def test_a_person_reads_sums_what_they_leave_out_and_the_budget(account, twin):
    said = twin("cost").out
    assert "together" in said
    assert "7 x interface endpoint" in said
    assert "$0.000 an hour idle, $1.515 with the fewest" in said
    assert "of $500.00" in said
    assert "Not priced: requests, tokens" in said
    assert "Prices in us-west-2 differ." in said


def test_what_is_not_deployed_ends_with_4(account, twin):
    ended = twin("cost", "--stage", "prod")
    assert ended.code == 4
    assert "No stack of llm-twin, stage prod is deployed" in ended.err
    assert "twin down --verify" in ended.err


# The last one: it destroys.
def test_after_a_destroy_nothing_billable_is_left_but_what_the_containers_said(account, twin):
    ended = twin("down", "--verify", "--json")
    held = json.loads(ended.out)["left"]
    assert ended.code == 1
    # What a stack holds is told of with its stack.
    assert [one["kind"] for one in held if one["billable"]] == ["stack", "stack", "stack", "log group"]
    assert held[0]["remove"] == "aws cloudformation delete-stack --stack-name llm-twin-dev-endpoint"
    assert held[0]["usd_per_month"] > 1000
    account.destroy()
    ended = twin("down", "--verify")
    assert ended.code == 0
    assert "left by every destroy, and billed for what it holds:\n  log group /aws/sagemaker/" in ended.out
    assert "nothing billable of llm-twin is left in us-west-2 but that" in ended.out
