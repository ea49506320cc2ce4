"""Retrieval measured: how good the passages are that rag finds, and how long finding them takes."""

from benchmarks.retrieval.command import main

__all__ = ["main"]
