"""A rule about many applications to one department, so that a history goes through `facts` too."""

RULE = """
rule: {name}
version: {version}
name: {{zh: 申请集中, en: Many applications}}
category: data
basis: a measure of this test
severity: notice
stream: service
subject: case_id
count:
  event: case.applied
  group_by: [event.department]
  window: {{type: sliding, size: {size}}}
  at_least: {least}
message: {{zh: "{{{{ group }}}} {{{{ value }}}}", en: "{{{{ group }}}} {{{{ value }}}}"}}
examples:
  - {{name: many, given: {many}, expect: [{{value: {least}}}]}}
  - {{name: one, given: {one}, expect: []}}
"""


def crowd_rule(name: str, version: int = 1, size: str = "24h", least: int = 3) -> str:
    """The file of the rule, with an example at its threshold and one of a single application."""
    return RULE.format(name=name, version=version, size=size, least=least, many=_applied(least), one=_applied(1))


def _applied(count: int) -> str:
    """So many applications of one morning, as an example gives them."""
    each = '{{at: "2026-03-02T09:{:02}", type: case.applied, case_id: A{}, department: D1}}'
    return "[" + ", ".join(each.format(number, number) for number in range(count)) + "]"
