"""`python -m benchmarks.fit`."""

from benchmarks.fit.report import main

main()
