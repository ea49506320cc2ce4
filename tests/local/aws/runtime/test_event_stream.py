import json

import pytest
from botocore.eventstream import EventStreamBuffer

from local.aws.runtime.event_stream import internal_stream_failure, model_stream_error, payload_part


def decoded(data: bytes, cut: int) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data[:cut])
    events = list(buffer)
    buffer.add_data(data[cut:])
    return [(event.headers, event.payload) for event in [*events, *buffer]]


def test_botocore_reads_the_frames_wherever_they_are_cut() -> None:
    frames = payload_part("é".encode()) + payload_part(b"") + model_stream_error("StreamBroken", "gone")
    for cut in range(len(frames) + 1):
        (part, payload), (_, empty), (error, fields) = decoded(frames, cut)
        assert part == {
            ":message-type": "event",
            ":event-type": "PayloadPart",
            ":content-type": "application/octet-stream",
        }
        assert (payload, empty) == ("é".encode(), b"")
        assert error[":exception-type"] == "ModelStreamError"
        assert json.loads(fields) == {"Message": "gone", "ErrorCode": "StreamBroken"}


@pytest.mark.parametrize("damaged", [3, 9, 20, -1])
def test_a_damaged_frame_is_noticed(damaged: int) -> None:
    frame = bytearray(payload_part(b"data"))
    frame[damaged] ^= 1
    buffer = EventStreamBuffer()
    buffer.add_data(bytes(frame))
    with pytest.raises(Exception, match=r"(?i)checksum|length"):
        list(buffer)


def test_a_failure_of_the_local_aws_has_its_own_event() -> None:
    ((headers, payload),) = decoded(internal_stream_failure("oops"), 0)
    assert (headers[":message-type"], headers[":exception-type"]) == ("exception", "InternalStreamFailure")
    assert json.loads(payload) == {"Message": "oops"}
