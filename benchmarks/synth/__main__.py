"""`python -m benchmarks.synth`."""

from benchmarks.synth.command import main

if __name__ == "__main__":
    main()
