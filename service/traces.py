"""OpenTelemetry traces: FastAPI makes a span of a request, answer_log.py one of a stage; this checks the export.

What is exported where, OpenTelemetry's own variables say: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from collections.abc import Mapping
from importlib.util import find_spec

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def traces_problem(environ: Mapping[str, str]) -> str:
    """Return why no trace would be exported, in words that follow "traces are on, and"; empty if they would."""
    if not any(environ.get(name) for name in _ENDPOINTS):
        return f"nothing says where they go: set {' or '.join(_ENDPOINTS)}."
    try:
        is_there = find_spec("opentelemetry.exporter.otlp.proto.http") and find_spec("opentelemetry.sdk")
    except ModuleNotFoundError:
        is_there = None
    return "" if is_there else "the exporter is not installed: install the extra `telemetry`."
