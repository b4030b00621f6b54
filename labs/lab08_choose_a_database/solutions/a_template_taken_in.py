"""A template in YAML that a stack takes in: one key for table, Aurora and password, a global table in one Region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import cloudformation_include as include
from constructs import Construct


class StoresFromTemplate(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        include.CfnInclude(self, "Template", template_file=str(Path(__file__).with_suffix(".yaml")))
