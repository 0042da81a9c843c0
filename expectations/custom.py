"""Decides what our own kinds of expectation are; importing this module imports Great Expectations."""

from typing import Any

from great_expectations.expectations import UnexpectedRowsExpectation


class ExpectNoCasesWhere(UnexpectedRowsExpectation):  # type: ignore[misc]
    """A query over `{batch}` finds no case; what it finds is told by its ids, in every result format."""

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> Any:
        return super()._validate(metrics, {"result_format": "COMPLETE"}, execution_engine)
