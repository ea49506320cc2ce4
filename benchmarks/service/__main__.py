"""`python -m benchmarks.service`."""

from benchmarks.service.command import main

if __name__ == "__main__":
    main()
