# syntax=docker/dockerfile:1

# The business microservice (service/) with the model files of its embedder inside.
#
#   docker build --platform linux/amd64 --tag llm-twin-service .
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --publish 8000:8000 \
#     --env TWIN_SERVICE_API_KEYS=... --env TWIN_SERVICE_STORE=s3://BUCKET/knowledge ... llm-twin-service
#
# Settings are variables (service/settings.py); nothing secret is in the image. What is not copied here is not in it:
# .dockerignore lets through what this file names and nothing else.

# The Python that the tests run on. Newer digest: docker buildx imagetools inspect python:3.11-slim-bookworm
ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON_IMAGE} AS build
ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY requirements-uv.lock requirements-service.lock ./
# Wheels only: nothing that is downloaded runs while it is installed.
RUN python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes --no-deps \
      --requirement requirements-uv.lock \
    && uv venv /opt/twin \
    && uv pip sync --python /opt/twin/bin/python --only-binary :all: --require-hashes --compile-bytecode \
      requirements-service.lock
WORKDIR /app
COPY inference_client inference_client
COPY rag rag
COPY service service
# The second command imports all of the service and checks the model files against their SHA-256: an image in which a
# library or a model is not there, or is another one, is not built.
RUN /opt/twin/bin/python -m compileall -q inference_client rag service \
    && /opt/twin/bin/python -c "import service.app; from rag.adapters.model_files import packaged_minilm as m; m()"

FROM ${PYTHON_IMAGE}
# A file with a set-user-id bit could give a process more than it was started with; an installer could add to it.
RUN python -m pip uninstall --yes --quiet pip setuptools wheel \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 twin \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin twin
# Owned by root and not writable for the user that runs it.
COPY --from=build /opt/twin /opt/twin
COPY --from=build /app /app
WORKDIR /app
# ONNX Runtime would send usage statistics home, and nothing but this variable keeps it from that.
ENV HOME=/tmp \
    ORT_DISABLE_TELEMETRY=1 \
    PATH=/opt/twin/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TWIN_SERVICE_HOST=0.0.0.0 \
    TWIN_SERVICE_PORT=8000 \
    TWIN_SERVICE_SPOOL_FOLDER=/tmp/spool
# Declared after its rights are as they shall be: Fargate gives a volume those of the folder in the image.
VOLUME ["/tmp"]
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4).close()"]
ENTRYPOINT ["python", "-m", "service"]
