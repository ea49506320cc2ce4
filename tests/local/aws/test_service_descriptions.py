import boto3
from botocore.session import Session
from moto.core import utils

from local.aws.dispatch import make_dispatcher


def test_what_one_session_has_read_the_next_need_not():
    make_dispatcher({})
    read = Session().get_component("data_loader").load_service_model("sts", "service-2")
    assert boto3.Session()._session.get_component("data_loader").load_service_model("sts", "service-2") is read
    assert utils.create_loader() is utils.create_loader()
    assert utils.create_loader().load_service_model("sts", "service-2") is not read
