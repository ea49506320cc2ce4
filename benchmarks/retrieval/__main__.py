"""`python -m benchmarks.retrieval`."""

import sys

from benchmarks.retrieval.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
