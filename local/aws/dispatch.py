"""Which code answers which service: moto's for most, our own for those where moto's answers are not true enough.

moto's dispatcher finds a request's service from its signature, host or path, and asks for the application of that
service. Here is what it is given: an own service takes the place of moto's whole application. Of moto itself two
methods of its buckets are changed, and what s3_checksums.py, s3_uploads.py and access_keys.py say.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import moto
from flask import request as flask_request
from moto.core.config import default_user_config
from moto.core.responses import BaseResponse
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.aws.access_keys import look_only_in_what_is_used
from local.aws.errors import MotoVersionError
from local.aws.faults import fault_response
from local.aws.s3_checksums import keep_checksums
from local.aws.s3_uploads import know_ended_uploads
from local.aws.service_descriptions import read_once

MOTO_VERSION = "5.2.5"

MakeResponse = Callable[[], BaseResponse]
"""Makes what answers one request of an own service: a fresh moto ``BaseResponse``."""


def check_moto_version() -> None:
    """Raise a MotoVersionError where the installed moto is another than the one this was built for."""
    if moto.__version__ != MOTO_VERSION:
        raise MotoVersionError(required=MOTO_VERSION, installed=moto.__version__)


def make_dispatcher(own_services: Mapping[str, MakeResponse]) -> WSGIApplication:
    """Make the application that answers every AWS request.

    Args:
        own_services: by moto's name of a service (``cloudformation``, ``sagemaker``, ``applicationautoscaling``),
            what answers it.
    """
    _configure_moto()

    def make_application(service: Any) -> Any:
        if service in own_services:
            return _OwnService(service, own_services[service])
        application = create_backend_app(service)
        application.register_error_handler(Exception, lambda error: _moto_fault(service, error))
        return application

    return cast("WSGIApplication", DomainDispatcherApplication(make_application))


def _moto_fault(service: str, error: Exception) -> Response | HTTPException:
    return error if isinstance(error, HTTPException) else fault_response(flask_request, service, error)


def _configure_moto() -> None:
    read_once()
    default_user_config["iam"]["load_aws_managed_policies"] = True  # roles refer to AWS's own policies
    # Nothing enforces policies here: they are kept and given back. moto does enforce those of buckets, without their
    # conditions, so the usual one that denies plain HTTP would deny everything.
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    FakeBucket._log_permissions_enabled_policy = staticmethod(lambda **_: True)  # type: ignore[method-assign,assignment]
    keep_checksums()
    know_ended_uploads()
    look_only_in_what_is_used()


class _OwnService:
    """The WSGI application of one service of our own."""

    def __init__(self, service: str, make_response: MakeResponse) -> None:
        self._service = service
        self._make_response = make_response

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = BackendRequest(environ)
        try:
            response = self._make_response()
            response.setup_class(request)
            status, headers, body = response.call_action()
        except Exception as error:  # a fault is an answer too
            answer = fault_response(request, self._service, error)
        else:
            answer = Response(body, status=status, headers={k: v for k, v in headers.items() if k != "status"})
        return answer(environ, start_response)
