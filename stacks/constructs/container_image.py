"""The image of the service, wherever it comes from, as an address and a repository that may be pulled from."""

from pathlib import Path

from aws_cdk import Aws, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from stacks.service_image import BuiltImage, ServiceImage

# The folder of the Dockerfile; .dockerignore says what of it goes into the image.
_CHECKOUT = Path(__file__).parents[2]


class ContainerImage(Construct):
    """An image in ECR. One that is to be built becomes an asset: Docker is needed when it is deployed, not before.

    Args:
        scope: the parent.
        construct_id: the id below it.
        image: which one.

    Attributes:
        uri: what a task definition names it by.
        repository_arn: where it is pulled from.
    """

    def __init__(self, scope: Construct, construct_id: str, *, image: ServiceImage) -> None:
        super().__init__(scope, construct_id)
        if isinstance(image, BuiltImage):
            asset = ecr_assets.DockerImageAsset(
                self, "Built", directory=str(_CHECKOUT), platform=ecr_assets.Platform.LINUX_AMD64
            )
            self.uri = asset.image_uri
            self.repository_arn = asset.repository.repository_arn
        else:
            stack, account_id = Stack.of(self), image.account_id or Aws.ACCOUNT_ID
            registry = f"{account_id}.dkr.ecr.{stack.region}.{stack.url_suffix}"
            self.uri = f"{registry}/{image.repository}{image.version}"
            self.repository_arn = f"arn:{stack.partition}:ecr:{stack.region}:{account_id}:repository/{image.repository}"
