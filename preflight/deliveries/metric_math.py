"""Metric math in an alarm: what an expression says of one period, from what its metrics say of it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, checked_on 2026-11-23
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# None stands for a period without data
Value = float | None


class NotEmulated(ValueError):
    """An expression that is computed at AWS alone."""


@dataclass(frozen=True)
class Math:
    """One period: the values of its metrics, by id, and the expressions beside them."""

    values: Mapping[str, Value]
    expressions: Mapping[str, str]

    def of(self, name: str) -> Value:
        """What the metric or expression of this id says; raises NotEmulated."""
        if name in self.values:
            return self.values[name]
        if name not in self.expressions:
            raise NotEmulated(f"{name} is no metric of the alarm")
        # an expression is no part of itself
        others = {each: told for each, told in self.expressions.items() if each != name}
        found = Math(self.values, others)._answer(parsed(self.expressions[name]))
        if isinstance(found, list):
            raise NotEmulated(self.expressions[name])
        return found

    def _answer(self, node: ast.expr) -> Value | list[Value]:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.Name):
            return self.of(node.id)
        if isinstance(node, ast.List):
            return [self._one(each) for each in node.elts]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id.upper(), node.args)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self._one(node.operand)
            return None if value is None else -value
        if isinstance(node, ast.BinOp):
            return _joined(type(node.op), self._one(node.left), self._one(node.right))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return _joined(type(node.ops[0]), self._one(node.left), self._one(node.comparators[0]))
        if isinstance(node, ast.BoolOp):
            found = [self._one(each) for each in node.values]
            if None in found:
                return None
            return float((all if isinstance(node.op, ast.And) else any)(found))
        raise NotEmulated(ast.unparse(node))

    def _one(self, node: ast.expr) -> Value:
        found = self._answer(node)
        if isinstance(found, list):
            raise NotEmulated(ast.unparse(node))
        return found

    def _call(self, name: str, arguments: list[ast.expr]) -> Value | list[Value]:
        if name == "METRICS" and not arguments:
            return list(self.values.values())
        if name == "FILL" and len(arguments) == 2:
            found, instead = self._answer(arguments[0]), self._one(arguments[1])
            if isinstance(found, list):
                return [instead if each is None else each for each in found]
            return instead if found is None else found
        if name == "IF" and len(arguments) in (2, 3):
            condition = self._one(arguments[0])
            if condition is None:
                return None
            return self._one(arguments[1]) if condition else (self._one(arguments[2]) if arguments[2:] else None)
        found = self._answer(arguments[0]) if len(arguments) == 1 else None
        # of several series these give one; of a single one they give a number over all of its time
        if name in _TOGETHER and isinstance(found, list):
            there = [each for each in found if each is not None]
            return _TOGETHER[name](there) if there else None
        raise NotEmulated(f"{name}()")


def parsed(expression: str) -> ast.expr:
    """An expression as a tree; raises NotEmulated."""
    text = expression.replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), text)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise NotEmulated(expression) from None


def _joined(kind: type, left: Value, right: Value) -> Value:
    """Two values of a period as one; where one is missing, or nothing divides, so is what is made of them."""
    if kind not in _JOINED:
        raise NotEmulated(kind.__name__)
    if left is None or right is None or (kind is ast.Div and not right):
        return None
    return float(_JOINED[kind](left, right))


_JOINED: dict[type, Callable[[float, float], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_TOGETHER: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}
