"""A model's files into S3, uncompressed: once, checked, and so that a broken run can be taken up again.

The one part of model/ that uses the AWS SDK and the hub's. Nothing in model/ imports it; the cli does.
"""
