"""What a client is told where the local AWS itself fails: that it did, how, and that its log has more."""


def describe(error: BaseException) -> str:
    """The one sentence about a fault that is nobody's but ours."""
    return f"Internal failure of the local AWS: {type(error).__name__}: {error} (its log holds the traceback)"
