import struct

import pytest

from model.errors import IncompleteModelError
from model.safetensors import check_whole
from tests.model.publish.weights import safetensors


@pytest.fixture
def check(tmp_path):
    def run(content):
        file = tmp_path / "model.safetensors"
        file.write_bytes(content)
        check_whole(file, name=file.name)

    return run


def test_a_file_that_ends_where_its_header_says_is_whole(check):
    check(safetensors())
    check(struct.pack("<Q", 2) + b"{}")


def test_a_file_cut_at_any_byte_is_refused(check):
    content = safetensors()
    for size in range(len(content)):
        with pytest.raises(IncompleteModelError, match=r"model\.safetensors is not whole"):
            check(content[:size])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "no safetensors header"),
        (struct.pack("<Q", 2) + b"[]", "no safetensors header"),
        (struct.pack("<Q", 4) + b"null", "no safetensors header"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "no safetensors header"),
        (struct.pack("<Q", 2) + b"{}x", "has 11 bytes where its header says 10"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(check, content, message):
    with pytest.raises(IncompleteModelError, match=message):
        check(content)
