"""How LanceDB reaches an object store, in AWS's own variables: the same that every AWS SDK reads."""

from collections.abc import Mapping


def storage_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return LanceDB's options for `s3://` from an environment.

    Credentials are not among them: LanceDB takes them from AWS's own chain (variables, container role, profile).

    Args:
        environ: where AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, and AWS_REGION or AWS_DEFAULT_REGION may be.
    """
    # The names with `aws_` in front are the ones that the process's own variables do not override.
    options: dict[str, str] = {}
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["aws_endpoint"] = endpoint
        if endpoint.startswith("http://"):
            options["allow_http"] = "true"
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region:
        options["aws_region"] = region
    return options
