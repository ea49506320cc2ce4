"""Documents to passages to retrieval to prompt to answer: the business logic of the twin, and nothing of its plumbing.

```
reading → conversion → cleaning → blocks → splitting → ingest       what the author wrote becomes passages in a store
understanding → retrieval (fusion) → packing → prompting → answering    a question becomes an answer with sources
protocols                                                            what the two need from outside
adapters/                                                            ONNX embedder, ONNX cross-encoder, LanceDB store
```

Only adapters/ knows a library that stores or computes; the rest sees protocols.py. Nothing here knows HTTP, AWS's SDK,
or which machine it runs on, and nothing reads the environment: the composition root passes values in.
"""
