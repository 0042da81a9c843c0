"""Writes docs/book.md from the shipped rules: `python docs/book.py`; a test holds the page to them."""

from itertools import groupby
from pathlib import Path
from string import Template

from rules.kinds.deadline import Deadline
from rules.language import Rule, load_book
from rules.language.rule import CATEGORIES
from rules.tables import SHIPPED, load_tables

PAGE = Path(__file__).parent / "book.md"
TITLES = {
    "time": "时效 · Time", "process": "程序 · Process", "feedback": "评价 · Feedback",
    "inspection": "监督检查 · Inspection", "publicity": "公示 · Publicity", "data": "数据 · Data",
}  # fmt: skip
HEAD, TABLES = (Path(__file__).parent / name for name in ("book.head.md", "book.tables.md"))


def page() -> str:
    """The whole page."""
    rules = sorted(load_book().rules, key=lambda rule: (CATEGORIES.index(rule.category), rule.id, rule.version))
    parts = [Template(HEAD.read_text(encoding="utf-8")).substitute(rules=len(rules))]
    for category, found in groupby(rules, key=lambda rule: rule.category):
        parts.append(f"## {TITLES[category]}\n")
        parts.append("| rule | fires when | kind | defaults | severity | basis |\n|---|---|---|---|---|---|")
        parts.append("\n".join(_row(rule) for rule in found) + "\n")
    rows = (
        f"| `{table.name}` | `{table.key}` | {', '.join(table.columns)} | {sum(map(len, table.rows.values()))} |"
        for table in load_tables().declared
    )
    return "\n".join([*parts, TABLES.read_text(encoding="utf-8") + "\n".join(rows)]) + "\n"


def _row(rule: Rule) -> str:
    file = Path(rule.file).resolve().relative_to(SHIPPED.parent)
    numbers = ", ".join(f"`{name}` {value}" for name, value in rule.params.items()) or "–"
    name = f"{rule.name.zh} · {rule.name.en}"
    return f"| [{rule.id}](../{file}) | {name} | {rule.kind} | {numbers} | {_severity(rule)} | {rule.basis} |"


def _severity(rule: Rule) -> str:
    raised = (
        [each.severity for each in rule.body.ladder.escalate if each.severity]
        if isinstance(rule.body, Deadline)
        else []
    )
    return " → ".join([rule.severity, *raised])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
