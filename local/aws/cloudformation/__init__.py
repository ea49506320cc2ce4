"""CloudFormation as the CDK CLI and AWS's own tools use it: templates, stacks, change sets, events, rollback."""
