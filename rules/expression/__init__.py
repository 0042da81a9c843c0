"""Bounded expressions in CEL's syntax: parsed, typed against the contract, compiled once to Python."""

from rules.expression.code import Scope, Value
from rules.expression.compiler import Compiled, compile_expression, expressions_in
from rules.expression.fused import Fused, fuse, fuse_all
from rules.expression.syntax import parse
from rules.expression.tokens import ExpressionError

__all__ = [
    "Compiled", "ExpressionError", "Fused", "Scope", "Value", "compile_expression", "expressions_in", "fuse",
    "fuse_all", "parse",
]  # fmt: skip
