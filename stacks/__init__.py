"""Where it runs: the CDK stacks, their settings and nothing else."""
