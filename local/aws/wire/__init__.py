"""How an AWS API of the local AWS is called: by shape-checked operations, over HTTP or from CloudFormation."""
