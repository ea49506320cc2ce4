import pytest

from model.catalog import find
from model.engines import Engine
from model.errors import DoesNotFitError
from model.hardware import find_instance
from model.limits import ServingLimits
from model.room import Needs, count_instances
from model.sharing import Share, check_sharing

FOUR_GPUS, ONE_GPU = find_instance("ml.g5.12xlarge"), find_instance("ml.g5.2xlarge")
LIMITS = ServingLimits(
    max_input_tokens=1024,
    max_total_tokens=2048,
    max_batch_prefill_tokens=1024,
    max_batch_total_tokens=8192,
    max_concurrent_requests=8,
)


def share(model: str, *, gpus: int = 1, least: int = 0, most: int = 1) -> Share:
    return Share(spec=find(model), limits=LIMITS, gpus_per_copy=gpus, min_copies=least, max_copies=most)


def together(*shares: Share, instance=FOUR_GPUS, fallbacks=(), max_instances=None):
    return check_sharing(shares, instance=instance, fallbacks=fallbacks, engine=Engine.TGI, max_instances=max_instances)


LLAMA, QWEN = "mlabonne/TwinLlama-3.1-8B", "Qwen/Qwen2.5-0.5B-Instruct"


@pytest.mark.parametrize(
    ("copies", "instances"),
    [
        ([], 0),
        ([(1, 1000, 1)] * 4, 1),
        ([(1, 1000, 1)] * 5, 2),
        # The larger ones are placed first, so that the small ones fill what they leave.
        ([(1, 1000, 1), (1, 1000, 1), (2, 1000, 2), (4, 1000, 4)], 2),
        ([(2, 1000, 2), (3, 1000, 3), (1, 1000, 1), (2, 1000, 2)], 2),
        # 192 GiB and 48 cores, a part of them SageMaker's own: what runs out first counts.
        ([(1, 90_000, 1), (1, 90_000, 1)], 2),
        ([(1, 1000, 24), (1, 1000, 24)], 2),
    ],
)
def test_copies_are_counted_against_gpus_main_memory_and_cores(copies, instances):
    needs = [Needs(gpus=gpus, host_mib=mib, cores=cores) for gpus, mib, cores in copies]
    assert count_instances([(one, 1) for one in needs], instance=FOUR_GPUS) == instances


def test_copies_by_the_million_are_counted_at_once():
    one, half = Needs(gpus=1, host_mib=1024, cores=2), Needs(gpus=2, host_mib=1024, cores=2)
    assert count_instances([(one, 10**6), (half, 10**6 + 1)], instance=FOUR_GPUS) == 750_001


def test_one_model_takes_what_it_took_alone():
    alone = together(share(LLAMA, least=1, most=2), instance=ONE_GPU)
    (fit,) = alone.fits
    assert (alone.min_instances, alone.max_instances, alone.notes) == (fit.min_instances, fit.max_instances, fit.notes)


def test_models_share_instances_and_each_has_room_for_an_update():
    shared = together(share(LLAMA, least=2, most=3), share(QWEN, least=1, most=1))
    assert [fit.gpus_per_copy for fit in shared.fits] == [1, 1]
    # At least 2 + 1 of 4 GPUs; at most 3 + 1, and one more of each while they are updated.
    assert (shared.min_instances, shared.max_instances) == (1, 2)


def test_one_that_sleeps_leaves_the_instances_of_the_other():
    shared = together(share(LLAMA, least=1), share(QWEN), instance=ONE_GPU)
    assert shared.min_instances == 1
    assert any("min_copies is 0" in note for note in shared.notes)


def test_every_type_to_fall_back_on_has_to_hold_them_together():
    shared = together(share(LLAMA, least=1), share(QWEN, least=1), fallbacks=(ONE_GPU,))
    assert (shared.min_instances, shared.max_instances) == (2, 4)


def test_fewer_instances_than_all_copies_need_are_refused():
    models = share(LLAMA, most=3), share(QWEN, most=2)
    with pytest.raises(
        DoesNotFitError,
        match=r"the copies of 2 models need 2 instances together \(3 of mlabonne/TwinLlama-3.1-8B on 1 GPU\(s\), 2 of "
        r"Qwen/Qwen2.5-0.5B-Instruct on 1 GPU\(s\)\); max_instances is 1\. Raise max_instances to 2, or lower",
    ):
        together(*models, max_instances=1)
    kept = together(*models, max_instances=2)
    assert kept.max_instances == 2
    assert not any("no room for a copy more" in note for note in kept.notes)
    tight = together(share(LLAMA, most=3), share(QWEN), max_instances=1)
    assert any("no room for a copy more" in note for note in tight.notes)


def test_a_model_that_does_not_fit_by_itself_is_refused():
    with pytest.raises(DoesNotFitError, match=r"meta-llama/Llama-3\.1-70B-Instruct on 1 GPU"):
        together(share(QWEN), share("meta-llama/Llama-3.1-70B-Instruct"))
