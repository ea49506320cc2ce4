"""Writes images.json from the SageMaker SDK's tables, or checks it against them.

The only module that needs the SDK, and only when it runs: `pip install -r requirements-sagemaker.lock`, then
`python -m model.refresh_images` (or `--check`). It decides which version of an image is used; the SDK decides the rest.
"""

import argparse
import importlib
import importlib.metadata
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

# engine: the SDK's name for its images, and the version that is deployed
_IMAGES = {"tgi": ("huggingface-llm", "3.3.6"), "vllm": ("huggingface-vllm", "0.29.0")}
_ANY_GPU_INSTANCE = "ml.g5.2xlarge"

IMAGES_FILE = Path(str(files("model").joinpath("images.json")))


def read_sdk() -> dict[str, Any]:
    """Return the content that images.json should have.

    Raises:
        ModuleNotFoundError: the SageMaker SDK is not installed.
    """
    image_uris = importlib.import_module("sagemaker.core.image_uris")
    tables = files("sagemaker.core").joinpath("image_uri_config")
    images = {}
    for engine, (framework, version) in _IMAGES.items():
        table = json.loads(tables.joinpath(f"{framework}.json").read_text(encoding="utf-8"))
        published = table["inference"]["versions"][version]
        uris = {
            region: image_uris.retrieve(
                framework, region, version=version, image_scope="inference", instance_type=_ANY_GPU_INSTANCE
            )
            for region in sorted(published["registries"])
        }
        repository, tag = next(iter(uris.values())).partition("/")[2].split(":")
        images[engine] = {
            "version": version,
            "repository": repository,
            "tag": tag,
            "published_tags": [_name_tag(each) for each in table["inference"]["versions"].values()],
            "cuda": _read_cuda(published["container_version"]["gpu"]),
            "registries": {region: uri.partition("/")[0] for region, uri in uris.items()},
        }
    return {"source": f"sagemaker-core {importlib.metadata.version('sagemaker-core')}", "images": images}


def _name_tag(version: Any) -> str:
    """Return the tag of a version, as the SDK puts it together for an instance type with GPUs."""
    return f"{version['tag_prefix']}-gpu-{version['py_versions'][0]}-{version['container_version']['gpu']}"


def _read_cuda(container_version: str) -> str:
    """Return `12.4` for `cu124-ubuntu22.04`."""
    digits = container_version.partition("-")[0].removeprefix("cu")
    return f"{digits[:2]}.{digits[2:]}"


def main() -> None:
    """Write the table; with `--check` compare it and exit 1 where it differs."""
    parser = argparse.ArgumentParser(prog="python -m model.refresh_images", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only: exit 1 if images.json is out of date")
    arguments = parser.parse_args()
    try:
        found = read_sdk()
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed: run `pip install -r requirements-sagemaker.lock` first")
    if not arguments.check:
        IMAGES_FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        sys.stdout.write(f"wrote {IMAGES_FILE} from {found['source']}\n")
    elif found["images"] != json.loads(IMAGES_FILE.read_text(encoding="utf-8"))["images"]:
        sys.exit(f"{IMAGES_FILE} differs from {found['source']}: run `python -m model.refresh_images`")
    else:
        sys.stdout.write(f"{IMAGES_FILE} agrees with {found['source']}\n")


if __name__ == "__main__":
    main()
