import re

import pytest

from stacks.context import read_settings
from stacks.errors import NotAllowedError, UnknownSettingError
from stacks.service_image import BuiltImage, RegistryImage

IMAGE = "llm-twin-service:1.4.0"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
DIGEST = "sha256:" + "0a" * 32


def read(**context):
    return read_settings({"service_image": IMAGE} | context, {}).service


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_without_an_image_there_is_no_service(stage):
    assert read_settings({"stage": stage}, {}).service.image is None


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("llm-twin-service:1.4.0", RegistryImage(repository="llm-twin-service", version=":1.4.0")),
        (f"team/twin@{DIGEST}", RegistryImage(repository="team/twin", version=f"@{DIGEST}")),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/twin:abc",
            RegistryImage(repository="twin", version=":abc", account_id="123456789012", region="us-east-1"),
        ),
        ("build", BuiltImage()),
    ],
)
def test_an_image_is_in_ecr_or_built(text, image):
    assert read(service_image=text).image == image


def test_every_setting_can_be_overridden():
    service = read(
        stage="prod",
        service_public="true",
        service_certificate_arn=CERTIFICATE,
        service_domain="twin.example.com",
        service_callers="203.0.113.0/24, 198.51.100.7/32",
        service_vpc_cidr="172.20.0.0/20",
        service_cpu_units="4096",
        service_memory_mib="8192",
        service_min_tasks="3",
        service_max_tasks="9",
        service_max_answers="32",
        service_target_answers="20",
        service_typical_answer_s="15",
        service_answer_timeout_s="900",
        service_log_retention_days="90",
        service_keep_data="false",
    )
    assert (service.public, service.certificate_arn, service.domain) == (True, CERTIFICATE, "twin.example.com")
    assert service.callers == ("203.0.113.0/24", "198.51.100.7/32")
    assert (service.vpc_cidr, service.cpu_units, service.memory_mib) == ("172.20.0.0/20", 4096, 8192)
    assert (service.min_tasks, service.max_tasks) == (3, 9)
    assert (service.max_answers, service.target_answers, service.typical_answer_s) == (32, 20, 15)
    assert (service.answer_timeout_s, service.log_retention_days, service.keep_data) == (900, 90, False)


def test_answers_at_once_become_requests_a_minute_by_their_length():
    assert read(service_target_answers="8", service_typical_answer_s="20").target_requests_per_minute == 24
    assert read(service_target_answers="1", service_typical_answer_s="300").target_requests_per_minute == 1


def test_a_connection_may_be_silent_for_longer_than_the_longest_answer():
    assert read().idle_timeout_s == 600
    assert read(service_answer_timeout_s="3600").idle_timeout_s == 3660


@pytest.mark.parametrize(
    ("context", "callers"),
    [
        ({}, ("10.42.0.0/16",)),
        ({"service_callers": "10.0.0.0/8"}, ("10.0.0.0/8",)),
        (
            {"service_public": "true", "service_certificate_arn": CERTIFICATE, "service_domain": "a.example"},
            ("0.0.0.0/0",),
        ),
    ],
    ids=["internal", "named", "public"],
)
def test_who_may_connect_is_said_or_follows_from_where_it_stands(context, callers):
    assert read(**context).allowed_callers == callers


# What REPOSITORY may be, and so on, is checked once; the rest of each message is the rule.
IMAGES = (
    "REPOSITORY:TAG or REPOSITORY@sha256:DIGEST of this account's ECR, the same behind "
    "ACCOUNT.dkr.ecr.REGION.amazonaws.com/, or 'build' (the deploy builds it, with Docker)."
)
PUBLIC = {"service_public": "true", "service_certificate_arn": CERTIFICATE, "service_domain": "twin.example.com"}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"service_image": "llm-twin-service"}, f"service_image is 'llm-twin-service'. Allowed: {IMAGES}"),
        ({"service_image": "docker.io/twin:1"}, f"service_image is 'docker.io/twin:1'. Allowed: {IMAGES}"),
        (
            {"service_image": "twin:latest"},
            "service_image is 'twin:latest'. Allowed: a tag that always means the same image, not latest.",
        ),
        (
            {"service_image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/twin:1"},
            "service_image is 'twin:1 of eu-west-1'. Allowed: an image in us-east-1, which the tasks' network reaches.",
        ),
        ({"service_public": "yes"}, "service_public is 'yes'. Allowed: true, false."),
        (
            {"service_public": "true"},
            "service_public is 'true'. Allowed: false, or beside service_certificate_arn: API keys go over HTTPS only.",
        ),
        (
            {"service_certificate_arn": "my-certificate", "service_domain": "twin.example.com"},
            "service_certificate_arn is 'my-certificate'. Allowed: arn:aws:acm:REGION:ACCOUNT:certificate/ID.",
        ),
        (
            {"region": "eu-west-1"} | PUBLIC,
            (
                f"service_certificate_arn is '{CERTIFICATE}'. "
                "Allowed: a certificate in eu-west-1, where the load balancer is."
            ),
        ),
        (
            {"service_certificate_arn": CERTIFICATE},
            "service_domain is None. Allowed: the name that service_certificate_arn certifies; both or neither.",
        ),
        (
            {"service_domain": "twin.example.com"},
            (
                "service_domain is 'twin.example.com'. "
                "Allowed: the name that service_certificate_arn certifies; both or neither."
            ),
        ),
        (
            PUBLIC | {"service_domain": "https://twin.example.com"},
            "service_domain is 'https://twin.example.com'. Allowed: a host name as twin.example.com.",
        ),
        (
            {"service_callers": "10.0.0.0/8,office"},
            "service_callers is 'office'. Allowed: IPv4 networks as 10.0.0.0/8, joined by commas.",
        ),
        (
            {"service_callers": "10.0.0.1/8"},
            "service_callers is '10.0.0.1/8'. Allowed: IPv4 networks as 10.0.0.0/8, joined by commas.",
        ),
        *(
            (
                {"service_vpc_cidr": cidr},
                f"service_vpc_cidr is '{cidr}'. Allowed: a private IPv4 network of /16 to /22.",
            )
            for cidr in ("8.8.0.0/16", "10.0.0.0/8", "10.0.0.0/24", "anything")
        ),
        ({"service_cpu_units": "256"}, "service_cpu_units is 256. Allowed: 512, 1024, 2048, 4096."),
        (
            {"service_memory_mib": "1024"},
            "service_memory_mib is 1024. Allowed: 2048 to 8192 in steps of 1024 for 1024 CPU units.",
        ),
        ({"service_max_tasks": "0"}, "service_max_tasks is 0. Allowed: 1 or more."),
        ({"service_min_tasks": "3"}, "service_min_tasks is 3. Allowed: 1 to 2."),
        ({"service_min_tasks": "0"}, "service_min_tasks is 0. Allowed: 1 to 2."),
        ({"service_max_answers": "0"}, "service_max_answers is 0. Allowed: 1 or more."),
        ({"service_target_answers": "17"}, "service_target_answers is 17. Allowed: 1 to 16."),
        ({"service_answer_timeout_s": "3601"}, "service_answer_timeout_s is 3601. Allowed: 1 to 3600."),
        ({"service_typical_answer_s": "301"}, "service_typical_answer_s is 301. Allowed: 1 to 300."),
        (
            {"service_log_retention_days": "10"},
            "service_log_retention_days is 10. Allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731.",
        ),
        ({"service_keep_data": "maybe"}, "service_keep_data is 'maybe'. Allowed: true, false."),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(context, message):
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read(**context)


def test_a_setting_of_a_service_that_is_not_there_is_refused():
    message = "service_public is 'false'. Allowed: only beside service_image, which adds the service."
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read_settings({"service_public": "false"}, {})


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant():
    with pytest.raises(UnknownSettingError, match="Did you mean 'service_max_tasks'"):
        read(service_max_task="3")
