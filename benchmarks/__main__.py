"""`python -m benchmarks [NAME ...]`: run the measurements, side by side with their peers, and print ratios.

Each measurement is a package or module here with a `main()`; none asserts anything: figures depend on the machine.
"""

import importlib
import sys

MEASUREMENTS = {
    "path": "benchmarks.path",
    "fit": "benchmarks.fit.report",
    "retrieval": "benchmarks.retrieval.command",
    "service": "benchmarks.service.command",
    "synth": "benchmarks.synth.command",
}


def main(names: list[str]) -> int:
    """Run the measurements that are named, or all."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.stderr.write(f"no measurement called {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}\n")
        return 2
    for name in names or list(MEASUREMENTS):
        importlib.import_module(MEASUREMENTS[name]).main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
