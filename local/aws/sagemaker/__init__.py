"""SageMaker hosting of the local AWS: models, endpoint configurations, endpoints and inference components."""
