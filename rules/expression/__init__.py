"""Bounded expressions in CEL's syntax: parsed, typed against the contract, compiled once to Python."""

from rules.expression.compiler import Compiled, compile_expression
from rules.expression.syntax import ExpressionError, parse

__all__ = ["Compiled", "ExpressionError", "compile_expression", "parse"]
