"""CloudFormation: the macros of an account, which its own engine asks when a template names them."""

from __future__ import annotations

from collections.abc import Mapping

from preflight.cloudformation.ledger import Declared
from preflight.cloudformation.providers import Context, Made, Provider


class Macro(Provider):
    """A macro's name and the function behind it; its stack is where the engine looks for both."""

    type = "AWS::CloudFormation::Macro"

    def create(self, declared: Declared, context: Context) -> Made:
        """Nothing but the record is needed."""
        declared.take("FunctionName")
        return Made(str(declared.take("Name")))

    def update(self, made: Made, declared: Declared, before: Mapping[str, object], context: Context) -> Made:
        """The next template that names it is transformed by the new function."""
        return self.create(declared, context)

    def delete(self, made: Made, declared: Declared, context: Context) -> None:
        """With its stack it is gone."""
