"""The region: whether it has inference components and the engine's image, by AWS's published tables."""

from cli.checks.check import Check, fix, ok
from model.engines import Engine
from model.errors import NoImageError
from model.images import find_image
from stacks.regions import COMPONENT_REGIONS


def check_region(region: str) -> Check:
    """Whether CloudFormation can make inference components there."""
    if region not in COMPONENT_REGIONS:
        return fix(
            "region",
            f"{region} has no inference components. Set AWS_REGION or -c region= to one of: "
            f"{', '.join(COMPONENT_REGIONS)}.",
        )
    return ok("region", f"{region} has inference components")


def check_image(engine: Engine, region: str) -> Check:
    """Whether AWS publishes the engine's image there."""
    try:
        return ok("image", f"{find_image(engine=engine, region=region).uri}, by model/images.json")
    except NoImageError as error:
        return fix("image", str(error))
