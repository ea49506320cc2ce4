from dataclasses import replace

import pytest

from model.catalog import TWIN_LLAMA, find
from model.engines import Engine, traits_of
from model.errors import DoesNotFitError
from model.hardware import find_instance
from model.parallelism import check_parallelism, list_gpu_counts

TGI, VLLM = traits_of(Engine.TGI), traits_of(Engine.VLLM)


@pytest.mark.parametrize(
    ("spec", "traits", "counts"),
    [
        (TWIN_LLAMA, TGI, (1, 2, 4, 8)),
        (find("Qwen/Qwen2.5-7B-Instruct"), VLLM, (1, 2, 4)),
        # 14 attention and 2 key/value heads: 7 goes into the first only.
        (find("Qwen/Qwen2.5-0.5B-Instruct"), VLLM, (1, 2)),
        (replace(TWIN_LLAMA, kv_heads=4), VLLM, (1, 2, 4, 8)),
        (replace(TWIN_LLAMA, kv_heads=4), TGI, (1, 2, 4)),
    ],
)
def test_heads_are_shared_out_equally_and_key_value_heads_repeated_where_the_engine_does(spec, traits, counts):
    assert list_gpu_counts(spec, most=8, traits=traits) == counts


def test_gpus_that_the_instance_does_not_have_are_refused():
    with pytest.raises(DoesNotFitError, match=r"gpus_per_copy is 2\. ml\.g5\.2xlarge has 1 GPU\(s\)"):
        check_parallelism(TWIN_LLAMA, instance=find_instance("ml.g5.2xlarge"), gpus_per_copy=2, traits=TGI)
    with pytest.raises(DoesNotFitError, match="gpus_per_copy is 0"):
        check_parallelism(TWIN_LLAMA, instance=find_instance("ml.g5.2xlarge"), gpus_per_copy=0, traits=TGI)


def test_a_number_that_heads_cannot_be_shared_out_over_is_refused_with_those_that_go():
    with pytest.raises(DoesNotFitError, match=r"its 32 attention and 8 .* gpus_per_copy to one of 1, 2, 4, 8\."):
        check_parallelism(TWIN_LLAMA, instance=find_instance("ml.p5.48xlarge"), gpus_per_copy=3, traits=TGI)
