"""The transform AWS::Serverless-2016-10-31: AWS SAM's own translator, told what it would ask an account."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from preflight.intrinsics import TemplateError, partition

# what the translator remarks upon is for its own developers
logging.getLogger("samtranslator").addHandler(logging.NullHandler())


def translated(body: dict[str, Any], parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The template without AWS::Serverless types; raises TemplateError in SAM's words where it is not valid."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    for name, each in (body.get("Resources") or {}).items():
        is_application = isinstance(each, dict) and each.get("Type") == "AWS::Serverless::Application"
        if is_application and isinstance((each.get("Properties") or {}).get("Location"), dict):
            raise TemplateError(
                f"Resource with id [{name}] is invalid. The AWS Serverless Application Repository cannot be "
                "reached offline; give the application's template as Location"
            )
    # it asks the session for its Region, and for a client only to look up applications
    session = SimpleNamespace(region_name=region)
    translator = Translator(_managed_policies(partition(region)), Parser(), boto_session=session)
    try:
        answer = translator.translate(copy.deepcopy(body), dict(parameters))
    except InvalidDocumentException as error:
        raise TemplateError(" ".join([error.message, *sorted(each.message for each in error.causes)])) from error
    finally:
        # what it counted is for nobody, and it complains at exit of what nobody took
        translator.metrics.publish()
    answer.pop("Transform", None)
    # its own kinds of dict and text are none of YAML's or JSON's
    plain: dict[str, Any] = json.loads(json.dumps(answer))
    return plain


@cache
def _managed_policies(partition_name: str) -> dict[str, str]:
    """The ARNs of AWS's managed policies by name, which SAM lets a template name without their ARN."""
    from preflight.analysis.managed import arns

    return {arn.rpartition("/")[2]: arn.replace("arn:aws:", f"arn:{partition_name}:", 1) for arn in arns()}
