"""All pairs of places that must agree."""

from tests.stacks.agreement import endpoint_pairs, monitoring_pairs, reader_pairs, service_pairs

PAIRS = (*endpoint_pairs.PAIRS, *service_pairs.PAIRS, *monitoring_pairs.PAIRS, *reader_pairs.PAIRS)
