import json
import threading
from typing import Any

from tests.local.aws.sagemaker.rig import Deployed, Rig, eventually, specification


def test_a_model_is_replaced_under_a_load_of_streams_without_one_that_fails(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2, NAME="old")
    deployed.model("newer", NAME="new")
    client = rig.client("sagemaker-runtime", max_pool_connections=50)
    body = json.dumps({"do": "stream", "parts": list("abcdefghij"), "interval_s": 0.02})
    failures: list[Exception] = []
    whole = [0]
    over = threading.Event()

    def load() -> None:
        while not over.is_set():
            try:
                answer: dict[str, Any] = client.invoke_endpoint_with_response_stream(
                    EndpointName="twin", InferenceComponentName="twin", Body=body
                )
                text = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"])
                assert text == b"abcdefghij"
                whole[0] += 1
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for model in ("newer", "twin"):
        policy = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": 0}
        deployed.sm.update_inference_component(
            InferenceComponentName="twin",
            Specification=specification(model),
            DeploymentConfig={"RollingUpdatePolicy": policy},
        )
        found = deployed.settled()
        assert found["Specification"]["ModelName"] == model
        assert found["RuntimeConfig"]["CurrentCopyCount"] == 2
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert whole[0] > 16
    eventually(lambda: rig.outstanding() == [0, 0])
