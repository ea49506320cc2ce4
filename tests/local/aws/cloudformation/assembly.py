"""A cloud assembly as `cdk synth` writes it, for one stack, without the seconds that synthesizing takes."""

import hashlib
import json
from pathlib import Path
from typing import Any

_BOOTSTRAP = {
    "requiresBootstrapStackVersion": 6,
    "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/hnb659fds/version",
}


def write_assembly(folder: Path, stack_name: str, template: dict[str, Any], *, region: str) -> Path:
    """Write the assembly of a stack that the CDK's default synthesizer would write, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    body = json.dumps({**template, **_bootstrap_version(template)}, indent=1)
    key = f"{hashlib.sha256(body.encode()).hexdigest()}.json"
    bucket = f"cdk-hnb659fds-assets-${{AWS::AccountId}}-{region}"
    destination = {
        "bucketName": bucket,
        "objectKey": key,
        "region": region,
        "assumeRoleArn": _role("file-publishing", region),
    }
    asset = {
        "source": {"path": f"{stack_name}.template.json", "packaging": "file"},
        "destinations": {"here": destination},
    }
    artifacts = {
        f"{stack_name}.assets": {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{stack_name}.assets.json", **_BOOTSTRAP},
        },
        stack_name: {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://123456789012/{region}",
            "properties": {
                "templateFile": f"{stack_name}.template.json",
                "assumeRoleArn": _role("deploy", region),
                "cloudFormationExecutionRoleArn": _role("cfn-exec", region),
                "stackTemplateAssetObjectUrl": f"s3://{bucket}/{key}",
                "additionalDependencies": [f"{stack_name}.assets"],
                **_BOOTSTRAP,
            },
            "dependencies": [f"{stack_name}.assets"],
            "displayName": stack_name,
        },
    }
    (folder / f"{stack_name}.template.json").write_text(body)
    _write(
        folder / f"{stack_name}.assets.json", {"version": "36.0.0", "files": {"template": asset}, "dockerImages": {}}
    )
    _write(folder / "manifest.json", {"version": "36.0.0", "artifacts": artifacts})
    return folder


def _bootstrap_version(template: dict[str, Any]) -> dict[str, Any]:
    declared = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": _BOOTSTRAP["bootstrapStackVersionSsmParameter"],
    }
    too_old = {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]}
    return {
        "Parameters": {**template.get("Parameters", {}), "BootstrapVersion": declared},
        "Rules": {
            "CheckBootstrapVersion": {"Assertions": [{"Assert": too_old, "AssertDescription": "bootstrap again"}]}
        },
    }


def _role(name: str, region: str) -> str:
    return (
        f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/cdk-hnb659fds-{name}-role-${{AWS::AccountId}}-{region}"
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content))
