import pytest

from model.errors import UnknownInstanceError
from model.hardware import find_instance, instance_types


@pytest.mark.parametrize("instance", instance_types(), ids=lambda i: i.name)
def test_an_instance_type_is_found_by_its_name(instance):
    assert find_instance(instance.name) == instance


def test_24_gb_are_less_than_24_gib():
    assert find_instance("ml.g5.2xlarge").gpu.memory_mib == 22_888


def test_the_16xlarge_has_one_gpu_and_the_smaller_12xlarge_four():
    for family in ("g5", "g6", "g6e"):
        assert find_instance(f"ml.{family}.16xlarge").gpus == 1
        assert find_instance(f"ml.{family}.12xlarge").gpus == 4


def test_a_price_is_known_or_none_but_never_zero():
    assert all(i.usd_per_hour is None or i.usd_per_hour > 1 for i in instance_types())


def test_an_unknown_type_is_refused_with_what_is_known():
    with pytest.raises(
        UnknownInstanceError, match=r"'ml.t3.medium' is not known. Known GPU instance types: ml.g5.xlarge, "
    ):
        find_instance("ml.t3.medium")
