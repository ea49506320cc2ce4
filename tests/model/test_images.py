import importlib.util
import json
from dataclasses import replace

import pytest

from model.engines import Engine
from model.errors import ModelError, NoImageError
from model.images import find_image, is_published
from model.refresh_images import IMAGES_FILE, read_sdk

TAG = "2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
TABLE = json.loads(IMAGES_FILE.read_text(encoding="utf-8"))["images"]


@pytest.mark.parametrize(
    ("region", "registry"),
    [
        ("us-east-1", "763104351884.dkr.ecr.us-east-1.amazonaws.com"),
        ("eu-central-2", "380420809688.dkr.ecr.eu-central-2.amazonaws.com"),
        ("cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com"),
    ],
)
def test_an_image_comes_from_the_account_and_domain_of_its_region(region, registry):
    image = find_image(engine="tgi", region=region)
    assert image.uri == f"{registry}/huggingface-pytorch-tgi-inference:{TAG}"
    assert image.account_id == registry.split(".")[0]


def test_a_region_without_the_image_is_refused_with_the_regions_that_have_it():
    with pytest.raises(
        NoImageError, match=r"region 'mars-1' has no image of engine 'tgi'. Regions with it: af-south-1, "
    ):
        find_image(engine=Engine.TGI, region="mars-1")


@pytest.mark.parametrize("engine", Engine)
def test_what_is_deployed_is_published_and_what_never_was_is_not(engine):
    image = find_image(engine=engine, region="eu-west-1")
    assert is_published(image.registry, image.repository, image.tag)
    assert not is_published(image.registry, image.repository, f"{image.tag}-v9")
    assert not is_published(image.registry.replace(image.account_id, "123456789012"), image.repository, image.tag)


@pytest.mark.parametrize("engine", Engine)
def test_every_engine_has_images_whose_registry_is_in_their_region(engine):
    for region, registry in TABLE[engine]["registries"].items():
        account, rest = registry.split(".", 1)
        assert account.isdigit()
        assert len(account) == 12
        assert rest.startswith(f"dkr.ecr.{region}.")


@pytest.mark.parametrize(
    ("cuda", "ami"),
    [
        ((11, 8), "al2-ami-sagemaker-inference-gpu-2"),
        ((12, 4), "al2-ami-sagemaker-inference-gpu-3-1"),
        ((12, 6), "al2023-ami-sagemaker-inference-gpu-4-1"),
        ((13, 0), "al2023-ami-sagemaker-inference-gpu-4-1"),
    ],
)
def test_the_ami_has_the_oldest_driver_that_runs_the_image(cuda, ami):
    assert replace(find_image(engine="tgi", region="us-east-1"), cuda=cuda).inference_ami == ami


def test_an_image_newer_than_every_driver_is_refused():
    image = replace(find_image(engine="tgi", region="us-east-1"), cuda=(13, 1))
    with pytest.raises(ModelError, match=r"needs CUDA 13\.1\. The newest inference AMI runs CUDA 13\.0"):
        _ = image.inference_ami


@pytest.mark.skipif(
    importlib.util.find_spec("sagemaker") is None,
    reason="images.json is not compared: no SageMaker SDK (pip install -r requirements-sagemaker.lock)",
)
def test_the_table_agrees_with_the_sagemaker_sdk():
    assert read_sdk()["images"] == TABLE
