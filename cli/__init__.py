"""`twin`: the whole life of the LLM endpoint from one terminal.

The commands speak AWS's own API through boto3 and the CDK CLI. Only `up`, `down` and `demo` know that the AWS they
speak to can be a process on this machine, since they start and stop it.
"""
