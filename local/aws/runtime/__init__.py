"""The SageMaker runtime of the local AWS: requests and response streams to the copies of a component."""
