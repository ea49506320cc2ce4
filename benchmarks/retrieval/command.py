"""The command line of the retrieval measurements.

`python -m benchmarks.retrieval` measures latency, and quality too where a test collection is at hand: none is part of
the project. RETRIEVAL_COLLECTION, or --collection, names the folder of one.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.retrieval.collection import read_collection
from benchmarks.retrieval.latency import SIZES, measure_latency, print_latency
from benchmarks.retrieval.quality import measure_quality, print_quality


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument(
        "--collection",
        type=Path,
        default=os.environ.get("RETRIEVAL_COLLECTION"),
        help="folder of a test collection: SMART's *.ALL, *.QRY, *.REL, or BEIR's corpus.jsonl, queries.jsonl, qrels",
    )
    parser.add_argument("--skip-latency", action="store_true", help="measure quality only")
    parser.add_argument("--passages", type=int, nargs="+", default=SIZES, help="sizes of store (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=200, help="searches per figure (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one size's latency as JSON, in this process")
    chosen = parser.parse_args(arguments)
    if chosen.json:
        print(json.dumps(asyncio.run(measure_latency(chosen.passages[0], queries=chosen.queries))))
        return 0
    if chosen.collection:
        print_quality(asyncio.run(measure_quality(read_collection(Path(chosen.collection)))))
    else:
        print("quality: no test collection; name one with --collection or RETRIEVAL_COLLECTION")
    if not chosen.skip_latency:
        print_latency([_in_a_process_of_its_own(size, chosen.queries) for size in chosen.passages])
    return 0


def _in_a_process_of_its_own(passages: int, queries: int) -> dict[str, float]:
    """Measure one size where nothing else has taken memory."""
    options = ["--json", "--passages", str(passages), "--queries", str(queries)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.retrieval", *options], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))
