"""The regions in which CloudFormation can make an endpoint that hosts inference components.

Fewer than have the images. The list is that of the published resource schemas (AWS::SageMaker::InferenceComponent and
AWS::SageMaker::Endpoint) as cfn-lint carries them; a test compares the two.
"""

COMPONENT_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ca-central-1",
    "eu-central-1",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eusc-de-east-1",
    "me-south-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-iso-east-1",
    "us-isob-east-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-2",
)
