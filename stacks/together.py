"""Settings that are each allowed and do not go together: one needs, or excludes, another."""

import re
from typing import TYPE_CHECKING

from model.fallback import MOST_FALLBACKS
from stacks.errors import NotAllowedError
from stacks.service_image import RegistryImage

if TYPE_CHECKING:
    from stacks.settings import DeploymentSettings

# By its id: an alias is nothing that a policy can name.
_KMS_KEY = re.compile(r"arn:aws[\w-]*:kms:(?P<region>[\w-]+):\d{12}:key/[\w-]+", re.ASCII)


def check_together(settings: "DeploymentSettings") -> None:
    """Refuse what does not go together.

    Raises:
        NotAllowedError: the first that does not, with what it goes with.
    """
    _check_fallback(settings)
    _check_office_hours(settings)
    _check_update(settings)
    _check_weights_key(settings)
    _check_key(settings)
    _check_service_region(settings)


def _check_office_hours(settings: "DeploymentSettings") -> None:
    if settings.office_hours is not None and settings.min_copies > 0:
        raise NotAllowedError(
            setting="office_hours",
            value=str(settings.office_hours),
            allowed=f"only beside min_copies=0: with {settings.min_copies} the endpoint never sleeps",
        )


def _check_update(settings: "DeploymentSettings") -> None:
    """Refuse updates that are taken back before the first copy was watched to the end."""
    if settings.update_wait_s >= settings.update_timeout_s:
        raise NotAllowedError(
            setting="update_wait_s",
            value=settings.update_wait_s,
            allowed=f"less than update_timeout_s, {settings.update_timeout_s}: each new copy is watched for so long",
        )


def _check_weights_key(settings: "DeploymentSettings") -> None:
    if settings.s3_kms_key_arn is None:
        return
    found = _KMS_KEY.fullmatch(settings.s3_kms_key_arn)
    if found is None or found["region"] != settings.region:
        allowed = f"arn:aws:kms:{settings.region}:ACCOUNT:key/ID, a key in the region of the bucket and the endpoint"
    elif not settings.weights_in_s3 and not settings.adapter_components:
        allowed = "only beside s3_uri or adapters in S3, which it decrypts"
    else:
        return
    raise NotAllowedError(setting="s3_kms_key_arn", value=settings.s3_kms_key_arn, allowed=allowed)


def _check_key(settings: "DeploymentSettings") -> None:
    if settings.kms_key is not None and settings.kms_key.region != settings.region:
        raise NotAllowedError(
            setting="kms_key", value=settings.kms_key.arn, allowed=f"a key in {settings.region}, where the stacks are"
        )
    if settings.data_capture is not None and settings.kms_key is None:
        raise NotAllowedError(
            setting="data_capture",
            value=settings.data_capture.s3_uri,
            allowed="only beside kms_key, which encrypts what people asked and were answered",
        )


def _check_fallback(settings: "DeploymentSettings") -> None:
    types = settings.instance_type_names
    if len(settings.instance_fallback) > MOST_FALLBACKS or len(set(types)) < len(types):
        raise NotAllowedError(
            setting="instance_fallback",
            value=",".join(one.name for one in settings.instance_fallback),
            allowed=f"at most {MOST_FALLBACKS} instance types, each once, and not {settings.instance_type.name} again",
        )
    if settings.instance_fallback and settings.adapter_components:
        # A base has a specification for each type there; of an adapter's AWS does not say how it is given.
        raise NotAllowedError(
            setting="instance_fallback",
            value=",".join(types[1:]),
            allowed="only without adapters in S3: their components are for endpoints of one instance type",
        )


def _check_service_region(settings: "DeploymentSettings") -> None:
    """Refuse what the service would look for in its own region and not find there."""
    image, certificate_region = settings.service.image, settings.service.certificate_region
    if isinstance(image, RegistryImage) and image.region not in (None, settings.region):
        raise NotAllowedError(
            setting="service_image",
            value=f"{image.repository}{image.version} of {image.region}",
            allowed=f"an image in {settings.region}, which the tasks' network reaches",
        )
    if certificate_region not in (None, settings.region):
        raise NotAllowedError(
            setting="service_certificate_arn",
            value=settings.service.certificate_arn,
            allowed=f"a certificate in {settings.region}, where the load balancer is",
        )
