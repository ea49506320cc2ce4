from pathlib import Path

import pytest

from local.llama.gguf import read_metadata
from local.llama.vocabulary import Vocabulary
from local.llama.weights import find_small_model


@pytest.fixture(scope="session")
def model_file() -> Path:
    return find_small_model()


@pytest.fixture(scope="session")
def vocabulary(model_file: Path) -> Vocabulary:
    return Vocabulary.from_metadata(read_metadata(model_file))
