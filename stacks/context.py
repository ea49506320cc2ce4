"""Settings from the command line: `-c stage=dev -c max_copies=4 ...` on top of a stage's values.

It knows how text becomes a value. Whether the values go together is for the settings themselves to say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from model.adapter import parse_adapters
from model.catalog import find as find_model
from model.engines import find_engine
from model.hardware import find_instance
from model.limits import ServingLimits
from model.spec import ModelSpec, Quantization
from stacks.beside_settings import PREFIX as BESIDE_PREFIX
from stacks.beside_settings import SETTING as BESIDE
from stacks.beside_settings import parse_beside
from stacks.data_capture import DataCapture
from stacks.encryption_key import parse_key
from stacks.errors import NotAllowedError, UnknownSettingError
from stacks.monitoring_settings import PREFIX as MONITORING_PREFIX
from stacks.office_hours import parse_office_hours
from stacks.service_image import parse_image
from stacks.service_settings import PREFIX as SERVICE_PREFIX
from stacks.settings import DeploymentSettings, Stage
from stacks.stages import settings_of

DEFAULT_REGION = "us-east-1"
# In this order: the CDK CLI sets the first to the region that it is going to deploy to.
_REGION_VARIABLES = ("CDK_DEFAULT_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")

# CDK's own keys hold a colon, a slash or a hyphen: a key of this form is meant for this project, an unknown one is a
# slip.
_OWN_KEY = re.compile(r"[A-Za-z]\w*", re.ASCII)

# AWS's integers have 32 bits.
_LARGEST_NUMBER = 2**31 - 1
_SHOWN_CHARACTERS = 80


def _parse_number(setting: str, text: str) -> int:
    # Python reads no number of thousands of digits, and says so in words of its own.
    if not re.fullmatch(r"-?\d{1,10}", text, re.ASCII) or abs(int(text)) > _LARGEST_NUMBER:
        shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
        whole = re.fullmatch(r"-?\d+", text, re.ASCII)
        allowed = f"a whole number{f' of at most {_LARGEST_NUMBER}' if whole else ''}"
        raise NotAllowedError(setting=setting, value=shown, allowed=allowed)
    return int(text)


def _parse_flag(setting: str, text: str) -> bool:
    return _parse_choice(setting, text, ("true", "false")) == "true"


def _parse_choice(setting: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise NotAllowedError(setting=setting, value=text, allowed=", ".join(allowed))
    return text


def _parse_on_load_quantization(setting: str, text: str) -> Quantization:
    """The formats that plain weights can be served in; for the others the weights themselves have to be made."""
    return Quantization(_parse_choice(setting, text, (Quantization.EETQ, Quantization.FP8)))


def _parse_text(_: str, text: str) -> str:
    return text


def _parse_list(_: str, text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_Parser = Callable[[str, str], Any]

# What belongs to the deployment, to its limits and to its model, by the names of their fields. The model itself is not
# among them: what its name stands for depends on what the project has added.
_SETTINGS: Mapping[str, _Parser] = MappingProxyType(
    {
        "name": _parse_text,
        "engine": lambda _, text: find_engine(text),
        "s3_kms_key_arn": _parse_text,
        "instance_type": lambda _, text: find_instance(text),
        "instance_fallback": lambda setting, text: tuple(find_instance(name) for name in _parse_list(setting, text)),
        "gpus_per_copy": _parse_number,
        "min_copies": _parse_number,
        "max_copies": _parse_number,
        "max_instances": _parse_number,
        "target_concurrency": _parse_number,
        "scale_in_cooldown_s": _parse_number,
        "scale_out_cooldown_s": _parse_number,
        "office_hours": parse_office_hours,
        "startup_timeout_s": _parse_number,
        "update_wait_s": _parse_number,
        "update_timeout_s": _parse_number,
        "roll_back_on_errors": _parse_flag,
        "termination_protection": _parse_flag,
        "kms_key": parse_key,
    }
)
_LIMITS: Mapping[str, _Parser] = MappingProxyType({field.name: _parse_number for field in fields(ServingLimits)})
_NONE_ADDED: Mapping[str, ModelSpec] = MappingProxyType({})
_MODEL: Mapping[str, _Parser] = MappingProxyType(
    {
        "s3_uri": _parse_text,
        "quantization": _parse_on_load_quantization,
        "adapters": lambda _, text: parse_adapters(text),
        "adapter_rank": _parse_number,
        "adapter_slots": _parse_number,
    }
)
# Of the models beside the main one; on the command line they begin with `beside_`, and `beside=MODEL` asks for one.
_BESIDE: Mapping[str, _Parser] = MappingProxyType(
    {"gpus_per_copy": _parse_number, "min_copies": _parse_number, "max_copies": _parse_number}
)
# Of the service; on the command line they begin with `service_`.
_SERVICE: Mapping[str, _Parser] = MappingProxyType(
    {
        "image": parse_image,
        "public": _parse_flag,
        "certificate_arn": _parse_text,
        "domain": _parse_text,
        "callers": _parse_list,
        "vpc_cidr": _parse_text,
        "cpu_units": _parse_number,
        "memory_mib": _parse_number,
        "min_tasks": _parse_number,
        "max_tasks": _parse_number,
        "max_answers": _parse_number,
        "target_answers": _parse_number,
        "typical_answer_s": _parse_number,
        "answer_timeout_s": _parse_number,
        "log_retention_days": _parse_number,
        "keep_data": _parse_flag,
    }
)

# Of data capture, which is one value of two settings.
_CAPTURE, _CAPTURE_PERCENT = "data_capture", "data_capture_percent"

# Of the monitoring; on the command line they begin with `monitoring_`, and `monitoring=true` asks for it.
_MONITORING_SWITCH = MONITORING_PREFIX.removesuffix("_")
_MONITORING: Mapping[str, _Parser] = MappingProxyType(
    {
        "email": _parse_text,
        "budget_usd": _parse_number,
        "log_retention_days": _parse_number,
        "slow_answer_s": _parse_number,
    }
)


def read_settings(
    context: Mapping[str, Any], environ: Mapping[str, str], *, added: Mapping[str, ModelSpec] = _NONE_ADDED
) -> DeploymentSettings:
    """Return the settings of the deployment that the command line asks for.

    Args:
        context: CDK context; keys of another form than ours are left alone.
        environ: the environment, for the region.
        added: specs of the project's own beside the catalogue's, as `model.added.read_added` returns them.

    Raises:
        SettingsError: a setting is unknown or not allowed.
        ModelError: what would be served is unknown or impossible.
    """
    given = {key: str(value) for key, value in context.items() if _is_own(key)}
    _refuse_unknown(given)
    stage = Stage(_parse_choice("stage", given.get("stage", Stage.LOCAL), tuple(Stage)))
    settings = settings_of(stage, region=given.get("region") or _find_region(environ))
    changes = _parse(given, _SETTINGS)
    changes["limits"] = replace(settings.limits, **_parse(given, _LIMITS))
    spec = find_model(given["model"], added=added) if "model" in given else settings.model
    changes["model"] = replace(spec, **_parse(given, _MODEL))
    _refuse_other_quantization(spec, changes["model"])
    beside: dict[str, Any] = {"models": parse_beside(given[BESIDE], added=added)} if BESIDE in given else {}
    changes["beside"] = replace(settings.beside, **beside, **_parse(given, _BESIDE, prefix=BESIDE_PREFIX))
    changes["service"] = replace(settings.service, **_parse(given, _SERVICE, prefix=SERVICE_PREFIX))
    watched = _parse_flag(_MONITORING_SWITCH, given.get(_MONITORING_SWITCH, "false"))
    watching = _parse(given, _MONITORING, prefix=MONITORING_PREFIX)
    changes["monitoring"] = replace(settings.monitoring, enabled=watched, **watching)
    changes["data_capture"] = _read_capture(given)
    _refuse_settings_of_nothing_beside(given)
    _refuse_settings_of_no_service(given)
    _refuse_settings_of_no_monitoring(given, watched=watched)
    return replace(settings, **changes)


def _read_capture(given: Mapping[str, str]) -> DataCapture | None:
    where, percent = given.get(_CAPTURE), given.get(_CAPTURE_PERCENT)
    if where is None:
        if percent is not None:
            raise NotAllowedError(setting=_CAPTURE_PERCENT, value=percent, allowed=f"only beside {_CAPTURE}")
        return None
    return DataCapture(s3_uri=where, percent=100 if percent is None else _parse_number(_CAPTURE_PERCENT, percent))


def _parse(given: Mapping[str, str], parsers: Mapping[str, _Parser], *, prefix: str = "") -> dict[str, Any]:
    found = {key: given[prefix + key] for key in parsers if prefix + key in given}
    return {key: parsers[key](prefix + key, text) for key, text in found.items()}


def _refuse_other_quantization(published: ModelSpec, asked_for: ModelSpec) -> None:
    """Refuse to quantize what is quantized: an engine ends when the weights say another format than it was told."""
    if published.quantization not in {None, asked_for.quantization}:
        raise NotAllowedError(
            setting="quantization",
            value=str(asked_for.quantization),
            allowed=f"none: the weights of {published.model_id} are quantized already, as {published.quantization}",
        )


def _refuse_settings_of_nothing_beside(given: Mapping[str, str]) -> None:
    for key in given:
        if key.startswith(BESIDE_PREFIX) and BESIDE not in given:
            raise NotAllowedError(setting=key, value=given[key], allowed=f"only with {BESIDE}=MODEL")


def _refuse_settings_of_no_service(given: Mapping[str, str]) -> None:
    """Refuse a setting that would do nothing: without an image there is no service."""
    image = f"{SERVICE_PREFIX}image"
    for key in given:
        if key.startswith(SERVICE_PREFIX) and image not in given:
            raise NotAllowedError(setting=key, value=given[key], allowed=f"only beside {image}, which adds the service")


def _refuse_settings_of_no_monitoring(given: Mapping[str, str], *, watched: bool) -> None:
    for key in given:
        if key.startswith(MONITORING_PREFIX) and not watched:
            raise NotAllowedError(
                setting=key, value=given[key], allowed=f"only beside {_MONITORING_SWITCH}=true, which adds the alarms"
            )


def _list_known() -> tuple[str, ...]:
    of_the_service = (f"{SERVICE_PREFIX}{key}" for key in _SERVICE)
    of_the_monitoring = (_MONITORING_SWITCH, *(f"{MONITORING_PREFIX}{key}" for key in _MONITORING))
    capture = (_CAPTURE, _CAPTURE_PERCENT)
    of_those_beside = (BESIDE, *(f"{BESIDE_PREFIX}{key}" for key in _BESIDE))
    known = ("stage", "region", "model", *capture, *_SETTINGS, *_LIMITS, *_MODEL)
    return (*known, *of_those_beside, *of_the_service, *of_the_monitoring)


def _is_own(key: str) -> bool:
    """Return whether a key is meant for this project: by its form, or as a setting with hyphens for its underscores."""
    return _OWN_KEY.fullmatch(key) is not None or key.replace("-", "_").lower() in _list_known()


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = _list_known()
    for key in given:
        if key not in known:
            raise UnknownSettingError(key, known=known)


def _find_region(environ: Mapping[str, str]) -> str:
    return next((environ[name] for name in _REGION_VARIABLES if environ.get(name)), DEFAULT_REGION)
