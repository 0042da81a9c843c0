"""Decides what Great Expectations found: one suite over one table, in SQL, counted three times."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from expectations.suite import Suite
from warehouse.assessment.verdicts import QualityResult

SAMPLES = 20
"""How many ids of unexpected cases are kept."""

KEY = "case_id"


class Findings(Struct, frozen=True):
    """What the tool took of the declared expectations, and what it says about each (refused: errored)."""

    loaded: int
    evaluated: int
    results: list[QualityResult]


def sqlalchemy_url(url: str) -> str:
    """clickhouse://… → the same server for SQLAlchemy, over the native protocol."""
    parts = urlsplit(url)
    options = {"compression": "lz4", **dict(parse_qsl(parts.query))}
    if parts.scheme == "clickhouses":
        options["secure"] = "True"
    return urlunsplit(("clickhouse+native", parts.netloc, parts.path or "/default", urlencode(options), ""))


def evaluate(suite: Suite, url: str, table: str) -> Findings:
    """Runs the suite on a table of the warehouse. One that is not evaluated has a result that says why."""
    with _great_expectations() as gx:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql("warehouse", connection_string=sqlalchemy_url(url))
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("day")
        taken, refused = _suite(gx, suite)
        loaded = context.suites.add(taken)
        check = context.validation_definitions.add(gx.ValidationDefinition(name=suite.suite, data=batch, suite=loaded))
        outcome = check.run(
            result_format={
                "result_format": "SUMMARY",
                "partial_unexpected_count": SAMPLES,
                "unexpected_index_column_names": [KEY],
            }
        )
        results = [_result(suite, each) for each in outcome.results]
        return Findings(len(loaded.expectations), len(results), results + _not_loaded(suite, refused))


@contextmanager
def _great_expectations() -> Iterator[Any]:
    """The package, imported on first use (5 CPU seconds), telling nobody, and silent about what we count."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    from expectations import custom  # noqa: F401  registers our own kinds

    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield great_expectations
    finally:
        logger.setLevel(before)


def _suite(gx: Any, suite: Suite) -> tuple[Any, dict[str, str]]:
    """The suite as the tool takes it, and id → why for what it does not take."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    made = gx.ExpectationSuite(name=suite.suite)
    refused: dict[str, str] = {}
    for each in suite.expectations:
        configuration = ExpectationConfiguration(
            type=each.type, kwargs=dict(each.kwargs), severity=each.severity, meta={"id": each.id}
        )
        try:
            made.add_expectation(configuration.to_domain_obj())
        except (gx.exceptions.GreatExpectationsError, ValueError, TypeError) as error:
            refused[each.id] = str(error).strip().splitlines()[0][:500]
    return made, refused


def _not_loaded(suite: Suite, refused: Mapping[str, str]) -> list[QualityResult]:
    return [
        QualityResult(
            expectation=each.id,
            type=each.type,
            severity=each.severity,
            success=False,
            errored=True,
            detail=json.dumps({"error": refused[each.id]}, ensure_ascii=False),
        )
        for each in suite.expectations
        if each.id in refused
    ]


def _result(suite: Suite, found: Any) -> QualityResult:
    declared = {each.id: each for each in suite.expectations}[found.expectation_config.meta["id"]]
    raised = _raised(found.exception_info or {})
    figures: Mapping[str, Any] = found.result or {}
    return QualityResult(
        expectation=declared.id,
        type=declared.type,
        column=str(declared.kwargs.get("column", declared.kwargs.get("column_A", ""))),
        severity=declared.severity,
        success=bool(found.success) and not raised,
        errored=bool(raised),
        observed=_observed(figures),
        element_count=int(figures.get("element_count") or 0),
        unexpected_count=_unexpected(figures),
        detail=json.dumps({"error": raised} if raised else {"cases": _cases(figures)}, ensure_ascii=False),
    )


def _raised(info: Mapping[str, Any]) -> str:
    """The first line of what went wrong while evaluating; empty when nothing did."""
    entries = [info, *(each for each in info.values() if isinstance(each, Mapping))]
    for each in entries:
        if each.get("raised_exception"):
            text = str(each.get("exception_message") or "it raised an exception")
            return text.strip().splitlines()[0][:500]
    return ""


def _observed(figures: Mapping[str, Any]) -> str:
    value = figures.get("observed_value")
    if value is None and figures.get("unexpected_percent") is not None:
        value = f"{figures['unexpected_percent']:.4g} %"
    return "" if value is None else str(value)[:200]


def _unexpected(figures: Mapping[str, Any]) -> int:
    if (count := figures.get("unexpected_count")) is not None:
        return int(count)
    return int(figures["observed_value"]) if "details" in figures else 0


def _rows(figures: Mapping[str, Any]) -> list[Any]:
    return list((figures.get("details") or {}).get("unexpected_rows") or [])


def _cases(figures: Mapping[str, Any]) -> list[str]:
    """Ids of unexpected cases: the values themselves stay in the table that was looked at."""
    found = figures.get("partial_unexpected_index_list") or _rows(figures)
    return [str(each[KEY]) for each in found if isinstance(each, Mapping) and KEY in each][:SAMPLES]
