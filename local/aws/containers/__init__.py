"""Containers of the local AWS: processes that stand in for the copies of an inference component."""
