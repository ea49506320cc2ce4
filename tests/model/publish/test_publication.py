import hashlib
import json
import os

import pytest

from model.errors import ChecksumError, DestinationError, IncompleteModelError
from model.manifest import MANIFEST, parse_manifest
from model.publish.destination import parse_destination
from model.publish.digest import read_digest
from model.publish.folder import list_model
from model.publish.hub_snapshot import Hub
from model.publish.progress import Phase
from model.publish.publication import Publisher
from tests.model.publish.hub import COMMIT, running_hub
from tests.model.publish.weights import model, safetensors

# More than one part.
LARGE = 17 * 2**20


@pytest.fixture(scope="module")
def hub():
    with running_hub() as running:
        running.files = model(shards=2)
        yield running


def read(s3, publication):
    bucket, _, prefix = publication.s3_uri.removeprefix("s3://").partition("/")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    return {key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_a_folder_is_in_s3_byte_for_byte_with_a_manifest_and_again_nothing_is_sent(s3, publisher, publish, folder):
    files = model(data_bytes=LARGE)
    here = folder(files | {"notes.json": b"{}"})
    done = publish(here)
    there = read(s3, done)
    manifest = parse_manifest(there.pop(MANIFEST))
    assert there == files
    assert {name: file.sha256 for name, file in manifest.files.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    size_bytes = sum(map(len, files.values()))
    assert (done.uploaded_files, done.uploaded_bytes, manifest.size_bytes) == (len(files), size_bytes, size_bytes)
    assert (publisher.reported[-1].done_bytes, publisher.reported[-1].total_bytes) == (size_bytes, size_bytes)
    again = publish(here)
    assert (again.s3_uri, again.uploaded_files, again.uploaded_bytes) == (done.s3_uri, 0, 0)


def test_another_content_has_another_revision_and_so_another_prefix(publish, folder):
    files = model()
    first = publish(folder(files))
    second = publish(folder(files | {"model.safetensors": safetensors(5000)}))
    assert first.manifest.revision != second.manifest.revision
    assert second.s3_uri.endswith(f"/models/me/mine/{second.manifest.revision}/")


def test_a_prefix_of_ones_own_choice_takes_one_model_once(publish, folder):
    done = publish(folder(model()), exact=True)
    assert done.s3_uri.endswith("/models/")
    with pytest.raises(DestinationError, match=r"holds me/mine @ \w{40}, not me/mine @ \w{40}.*another prefix"):
        publish(folder(model()), exact=True)


def test_a_prefix_that_holds_anything_else_is_refused_before_a_byte_is_sent(s3, bucket, publish, folder):
    s3.put_object(Bucket=bucket, Key="taken/notes.txt", Body=b"x")
    with pytest.raises(DestinationError, match=r"holds 1 other object\(s\), as notes\.txt"):
        publish(folder(model()), prefix="taken/", exact=True)
    s3.put_object(Bucket=bucket, Key="other/config.json", Body=b"x")
    with pytest.raises(DestinationError, match=r"other/config\.json is another file"):
        publish(folder(model()), prefix="other/", exact=True)
    assert {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {
        "taken/notes.txt", "other/config.json",
    }  # fmt: skip


@pytest.mark.parametrize("data_bytes", [5000, LARGE])
@pytest.mark.parametrize("change", [lambda content: content[:-1] + b"?", lambda content: content[:-1]])
def test_a_file_that_changes_while_it_is_published_is_refused_and_no_manifest_is_written(
    s3, bucket, folder, *, data_bytes, change
):
    here = folder(model(data_bytes=data_bytes))
    weights = here / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    files = list_model(here)

    def report(moment):
        if (moment.phase, moment.done_bytes) == (Phase.UPLOAD, 0):
            weights.write_bytes(change(weights.read_bytes()))

    to = parse_destination(f"s3://{bucket}/models/")
    with pytest.raises(ChecksumError, match=r"model\.safetensors is not the file any more that was read\. Let nothing"):
        Publisher(s3, to=to, exact=True, kms_key=None, report=report).publish_files(files, "me/mine")
    there = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    assert not there & {f"models/{name}" for name in (MANIFEST, "config.json", "model.safetensors")}


@pytest.mark.parametrize("ended", ["completed", "aborted"])
def test_an_upload_that_another_run_took_up_and_ended_does_no_harm(s3, bucket, publisher, folder, *, ended):
    here = folder(model(data_bytes=LARGE))
    digest = read_digest(here / "model.safetensors")
    place = {"Bucket": bucket, "Key": "models/model.safetensors"}
    upload_id = s3.create_multipart_upload(**place, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE")["UploadId"]
    first = (here / "model.safetensors").read_bytes()[: digest.part_bytes]
    s3.upload_part(**place, UploadId=upload_id, PartNumber=1, Body=first, ChecksumSHA256=digest.parts[0])
    sent = []

    def end_it(moment):
        """As the other run does, when this one has found the upload and its first part, and sent none."""
        sent.append(moment.done_bytes)
        if (moment.phase, moment.done_bytes > 0) != (Phase.UPLOAD, True) or ended_by:
            return
        ended_by.append("the other")
        if ended == "aborted":
            s3.abort_multipart_upload(**place, UploadId=upload_id)
            return
        content = (here / "model.safetensors").read_bytes()
        parts = []
        for number, checksum in enumerate(digest.parts, start=1):
            part = content[(number - 1) * digest.part_bytes : number * digest.part_bytes]
            etag = s3.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=part, ChecksumSHA256=checksum)
            parts.append({"PartNumber": number, "ETag": etag["ETag"], "ChecksumSHA256": checksum})
        s3.complete_multipart_upload(**place, UploadId=upload_id, MultipartUpload={"Parts": parts})

    ended_by = []
    to = parse_destination(f"s3://{bucket}/models/")
    files = {name: file for name, file in list_model(here).items() if name in {"model.safetensors", "config.json"}}
    one = Publisher(s3, to=to, exact=True, kms_key=None, report=end_it).publish_files(files, "me/mine")
    assert ended_by
    assert (sent[-1], one.manifest.size_bytes) == (
        one.manifest.size_bytes,
        sum(f.stat().st_size for f in files.values()),
    )
    assert read(s3, one)["model.safetensors"] == (here / "model.safetensors").read_bytes()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_object_that_was_lost_is_sent_again_and_no_other(s3, bucket, publish, folder):
    here = folder(model(shards=3))
    done = publish(here)
    lost = "model-00002-of-00003.safetensors"
    s3.delete_object(Bucket=bucket, Key=done.s3_uri.removeprefix(f"s3://{bucket}/") + lost)
    again = publish(here)
    assert (again.uploaded_files, again.uploaded_bytes) == (1, (here / lost).stat().st_size)
    assert read(s3, again)[lost] == (here / lost).read_bytes()


def test_parts_that_an_earlier_run_left_count_only_if_they_are_the_files(s3, bucket, publish, folder):
    here = folder(model(data_bytes=LARGE))
    digest = read_digest(here / "model.safetensors")
    place = {"Bucket": bucket, "Key": "left/model.safetensors"}
    upload = s3.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")["UploadId"]
    content = (here / "model.safetensors").read_bytes()
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=content[: digest.part_bytes])
    s3.upload_part(**place, UploadId=upload, PartNumber=2, Body=os.urandom(digest.part_bytes))
    done = publish(here, prefix="left/", exact=True)
    assert done.uploaded_bytes == done.manifest.size_bytes - digest.part_bytes
    assert read(s3, done)["model.safetensors"] == content
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_model_of_the_hub_is_at_its_commit_and_a_second_run_needs_no_download(s3, hub, publisher, tmp_path):
    here = Hub(endpoint=hub.url, cache_dir=tmp_path / "cache")
    done = publisher().publish_from_hub(here, "me/mine", revision="main")
    assert done.s3_uri.endswith(f"/models/me/mine/{COMMIT}/")
    there = read(s3, done)
    assert json.loads(there.pop(MANIFEST))["revision"] == COMMIT
    assert there == hub.files
    hub.requests.clear()
    elsewhere = Hub(endpoint=hub.url, cache_dir=tmp_path / "another-machine")
    assert publisher().publish_from_hub(elsewhere, "me/mine", revision=None).uploaded_files == 0
    assert not [path for _, path, *_ in hub.requests if path.endswith(".safetensors")]


@pytest.mark.parametrize(
    ("name", "content"),
    [("model-00002-of-00002.safetensors", safetensors(5000)), ("config.json", b'{"model_type": "other"}')],
)
def test_a_file_that_is_not_the_one_that_the_hub_names_is_not_uploaded(hub, publisher, tmp_path, name, content):
    here = Hub(endpoint=hub.url, cache_dir=tmp_path / "cache")
    here.download(here.describe("me/mine", revision=None), done=lambda _: None)[name].write_bytes(content)
    with pytest.raises(ChecksumError, match=f"{name} came with another checksum than the hub names"):
        publisher().publish_from_hub(here, "me/mine", revision=None)
    assert Phase.UPLOAD not in {moment.phase for moment in publisher.reported}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"config.json": None}, "no config.json"),
        ({"config.json": b"{"}, "config.json is not JSON"),
        ({"model-00002-of-00002.safetensors": None}, "names model-00002-of-00002.safetensors, which is not there"),
        ({"model-00001-of-00002.safetensors": safetensors()[:-1]}, "is cut short"),
        ({"model.safetensors.index.json": b"{}"}, "has no weight_map"),
    ],
)
def test_a_folder_that_is_no_whole_model_is_refused(folder, broken, message):
    here = folder(model(shards=2))
    for name, content in broken.items():
        if content is None:
            (here / name).unlink()
        else:
            (here / name).write_bytes(content)
    with pytest.raises(IncompleteModelError, match=message):
        list_model(here)


def test_a_link_out_of_the_folder_is_refused_where_it_would_be_published(folder, tmp_path):
    here = folder(model())
    (tmp_path / "elsewhere").write_bytes(b"{}")
    (here / "optimizer.pt").symlink_to(tmp_path / "elsewhere")
    assert "model.safetensors" in list_model(here)
    (here / "vocab.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IncompleteModelError, match=r"vocab\.json is a link to .*elsewhere, outside of the folder"):
        list_model(here)


def test_what_is_encrypted_with_a_key_is_checked_for_it(s3, publish, folder):
    here = folder(model(data_bytes=LARGE))
    key = "arn:aws:kms:us-east-1:123456789012:key/1a2b"
    done = publish(here, kms_key=key)
    assert done.kms_key_arn == key
    bucket, _, prefix = done.s3_uri.removeprefix("s3://").partition("/")
    for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        head = s3.head_object(Bucket=bucket, Key=item["Key"])
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert publish(here, kms_key=key).uploaded_files == 0
