"""The makers behind the protocols. The rest of rag never imports this package: the composition root does."""
