from dataclasses import replace

import pytest

from cli.answer import find_prompt_format
from model.catalog import SMOLLM2
from model.spec import PromptFormat

MINE = replace(SMOLLM2, model_id="me/mine", prompt_format=PromptFormat.ALPACA)


@pytest.mark.parametrize(
    ("model_id", "prompt_format"),
    [
        ("mlabonne/TwinLlama-3.1-8B-DPO", PromptFormat.ALPACA),
        ("me/mine", PromptFormat.ALPACA),
        (SMOLLM2.model_id, SMOLLM2.prompt_format),
        ("me/other", None),
        (None, None),
    ],
)
def test_a_model_is_asked_in_the_form_that_the_catalogue_or_the_project_says(model_id, prompt_format):
    assert find_prompt_format(model_id, added={"me/mine": MINE}) is prompt_format
