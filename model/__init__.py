"""What is served: specs, limits, engines, hardware and whether one fits the other.

Pure data and arithmetic; publish/, which brings a model's files to S3, excepted.
"""
