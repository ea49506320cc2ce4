"""`python -m cli`, the same as `twin`."""

from cli.main import main

main()
