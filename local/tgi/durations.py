"""Durations as TGI's log has them: in the unit that fits, as Rust prints them."""

# Nanoseconds of each unit, the greatest first.
_UNITS = (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000))


def describe_duration(duration_s: float) -> str:
    """Return `1.276254512s`, `357.867572ms`, `49.382µs` or `17ns`.

    Args:
        duration_s: in seconds, not negative.
    """
    nanoseconds = round(duration_s * 1_000_000_000)
    for unit, size in _UNITS:
        if nanoseconds >= size:
            whole, rest = divmod(nanoseconds, size)
            digits = len(str(size)) - 1
            fraction = f"{rest:0{digits}d}".rstrip("0")
            return f"{whole}.{fraction}{unit}" if fraction else f"{whole}{unit}"
    return f"{nanoseconds}ns"
