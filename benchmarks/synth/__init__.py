"""How long the stacks take to synthesize, beside an empty CDK app: `python -m benchmarks.synth`."""
