"""`python -m benchmarks.fit`: what the model reckons, beside what others measured and published.

The published figures are in published.json, each with its source. Where a model is a fine-tune or the elder sister of
one in the catalogue, the shape is the same and `reported` names the one that ran. Where the GPU is not one of
SageMaker's, `gpu_memory_mib` takes the place of the instance's.

Judged are deployments on TGI and vLLM whose outcome somebody reported. Failures of TGI 2 for want of memory are not: it
reckoned logits for every token of the prompt, gigabytes of them, which TGI 3 no longer does
(https://huggingface.co/docs/text-generation-inference/conceptual/chunking). They are listed as `not_judged`. What ran
on TGI 2 runs on TGI 3.
"""

from benchmarks.fit.report import main

__all__ = ["main"]
