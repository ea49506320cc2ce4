import pytest
from botocore.exceptions import ClientError


def test_an_upload_that_is_over_takes_no_part_and_is_not_put_together(client):
    s3, place = client("s3"), {"Bucket": "ended-uploads", "Key": "weights"}
    s3.create_bucket(Bucket=place["Bucket"])
    upload_id = s3.create_multipart_upload(**place)["UploadId"]
    part = {"PartNumber": 1, "ETag": s3.upload_part(**place, UploadId=upload_id, PartNumber=1, Body=b"x")["ETag"]}
    s3.abort_multipart_upload(**place, UploadId=upload_id)
    for operation, arguments in (
        (s3.upload_part, {"PartNumber": 2, "Body": b"y"}),
        (s3.complete_multipart_upload, {"MultipartUpload": {"Parts": [part]}}),
    ):
        with pytest.raises(ClientError) as caught:
            operation(**place, UploadId=upload_id, **arguments)
        assert caught.value.response["Error"]["Code"] == "NoSuchUpload"
