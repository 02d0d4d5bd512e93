"""What a PromQL expression asks for: metrics, and the labels that it knows them by."""

from collections.abc import Iterator
from typing import Any

import promql_parser as promql


def asked(expression: str) -> list[tuple[str, set[str]]]:
    """Every metric of the expression, with the labels that it is selected or summed by. Raises ValueError."""
    return list(_selectors(promql.parse(expression), set()))


def waited_for(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Every counter whose increase is asked for, with patterns for its labels. Raises ValueError."""
    return list(_increases(promql.parse(expression)))


def _increases(node: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(node, promql.Call) and node.func.name == "increase":
        selector = node.args[0].vector_selector
        yield selector.name, {matcher.name: matcher.value for matcher in selector.matchers.matchers}
        return
    for part in _parts(node):
        yield from _increases(part)


def _selectors(node: Any, labels: set[str]) -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, promql.VectorSelector):
        yield node.name, labels | {matcher.name for matcher in node.matchers.matchers}
        return
    if isinstance(node, promql.AggregateExpr) and node.modifier:
        labels = labels | set(node.modifier.labels)
    for part in _parts(node):
        yield from _selectors(part, labels)


def _parts(node: Any) -> tuple[Any, ...]:
    match node:
        case promql.MatrixSelector():
            return (node.vector_selector,)
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return (node.expr,)
        case promql.BinaryExpr():
            return node.lhs, node.rhs
        case promql.Call():
            return tuple(node.args)
        case promql.VectorSelector() | promql.NumberLiteral() | promql.StringLiteral():
            return ()
    raise AssertionError(f"a new kind of expression: {node!r}")
