import json
import re
from dataclasses import replace

import pytest

from model import catalog
from model.added import read_added, write_added
from model.errors import InvalidSpecError

MINE = replace(catalog.SMOLLM2, model_id="me/mine")


def test_no_file_adds_no_model(tmp_path):
    assert dict(read_added(tmp_path / "models.json")) == {}


@pytest.mark.parametrize("model_id", catalog.model_ids())
def test_what_was_written_is_read_back(tmp_path, model_id):
    file = tmp_path / "models.json"
    spec = catalog.find(model_id)
    write_added(file, spec)
    assert dict(read_added(file)) == {model_id: spec}


def test_a_second_model_joins_the_first_and_a_newer_one_takes_its_place(tmp_path):
    file = tmp_path / "models.json"
    write_added(file, MINE)
    write_added(file, replace(MINE, model_id="a/other"))
    write_added(file, replace(MINE, revision="1" * 40))
    assert list(json.loads(file.read_text())) == ["a/other", "me/mine"]
    assert read_added(file)["me/mine"].revision == "1" * 40
    assert [path.name for path in tmp_path.iterdir()] == ["models.json"]


def entry(**changes):
    plain = {"revision": "0" * 40, "model_type": "llama", "parameters": 1, "layers": 1, "hidden_size": 1}
    plain |= {"intermediate_size": 1, "attention_heads": 1, "kv_heads": 1, "head_dim": 1, "vocab_size": 1}
    plain |= {"max_positions": 1, "dtype": "bfloat16", "prompt_format": "chatml"} | changes
    return {"me/mine": {key: value for key, value in plain.items() if value is not ...}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no models. It must be one object: model id to fields."),
        ('{"me/mine": 1}', "holds no models."),
        (entry(colour="red"), "me/mine has no field 'colour'. Fields: revision, model_type"),
        (entry(layers=...), "me/mine lacks 'layers'."),
        (entry(layers="32"), "layers of me/mine is '32'. It must be a whole number."),
        (entry(dtype="int3"), "dtype of me/mine is 'int3'. It must be one of bfloat16, float16, float32."),
        (entry(gated="yes"), "gated of me/mine is 'yes'. It must be true or false."),
        (entry(revision=7), "revision of me/mine is 7. It must be a text."),
        (entry(revision="main"), "revision 'main' is not a commit."),
    ],
)
def test_a_file_that_is_not_of_the_form_is_refused_and_left_alone(tmp_path, content, message):
    file = tmp_path / "models.json"
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_text(text)
    with pytest.raises(InvalidSpecError, match=re.escape(message)):
        read_added(file)
    with pytest.raises(InvalidSpecError):
        write_added(file, MINE)
    assert file.read_text() == text
