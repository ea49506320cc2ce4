import subprocess
import sys

import inference_client

SURFACE = """
DEFAULT_PROMPT ClientOptions Completion EndpointAddress EndpointClient Generation GenerationParameters Inference
InferenceExecutor InferenceSettings LLMInferenceSagemakerEndpoint Timings Token TokenEvent TokenStream Usage Waiting
settings AccessDeniedError AmbiguousComponentError ComponentNotFoundError ComponentRequiredError ConfigurationError
ConnectFailedError ConnectionLostError ContainerError CredentialsError DeploymentFailedError EndpointNotFoundError
GenerationFailedError InferenceClientError InputTooLongError InvalidParameterError InvalidPromptError
InvocationTimeoutError ModelNotReadyError NoCapacityError NotInServiceError OverloadedError ReadTimeoutError
RequestTooLargeError ServiceBusyError ServiceUnavailableError StackNotDeployedError StackNotReadyError StatusError
StreamInterruptedError ThrottledError TransportError UnexpectedAnswerError ValidationRejectedError
"""


def test_the_public_names_change_only_on_purpose():
    assert sorted(inference_client.__all__) == sorted(SURFACE.split())
    assert all(hasattr(inference_client, name) for name in inference_client.__all__)


def test_import_and_construction_read_no_environment_and_make_no_client():
    program = """
import sys
class Watched(dict):
    def __getitem__(self, name):
        if name.startswith(("AWS_", "SAGEMAKER_", "LLM_TWIN_")) or name.endswith("_INFERENCE"):
            raise AssertionError(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        return self[name] if name in self else default
import os
import boto3.session, botocore.session, aiohttp
def refuse(*arguments, **options):
    raise AssertionError("a session was made")
boto3.session.Session.__init__ = refuse
os.environ = Watched(os.environ, AWS_DEFAULT_REGION="x", SAGEMAKER_ENDPOINT_INFERENCE="x", TOP_P_INFERENCE="x")
import inference_client, inference_client.aio, inference_client.smoke
address = inference_client.EndpointAddress(endpoint_name="twin")
inference_client.EndpointClient(address)
inference_client.aio.AsyncEndpointClient(address)
inference_client.LLMInferenceSagemakerEndpoint("twin")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_blocking_client_does_not_need_aiohttp():
    program = "import sys; sys.modules['aiohttp'] = None; import inference_client, inference_client.smoke"
    subprocess.run([sys.executable, "-c", program], check=True)
