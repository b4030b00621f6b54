"""What CDK puts into every template for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider


class Metadata(Provider):
    """A note about the constructs used, which makes nothing."""

    type = "AWS::CDK::Metadata"

    def create(self, declared: Declared, context: Context) -> Made:
        """Nothing to make."""
        declared.take()
        name = context.name()
        return Made(name, {"Id": name})

    def update(self, made: Made, declared: Declared, before: Mapping[str, Any], context: Context) -> Made:
        """Nothing to change."""
        declared.take()
        return made

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """Nothing to delete."""
