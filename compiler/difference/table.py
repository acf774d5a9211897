"""A difference in lists, names and numbers, for programs."""

from __future__ import annotations

from dataclasses import asdict

from connc.compiler.difference.data import Difference, Metric, Related, Rule, Weights

Table = dict[str, object]
_MOST = 100  # pairs of a rule, of which there may be millions


def table(found: Difference, everything: bool = False) -> Table:
    """Of pairs the first hundred stand there, and all with `everything`; of all else each."""
    most = None if everything else _MOST
    return {
        "format_version": 1,
        "same": found.same,
        "before": found.before,
        "after": found.after,
        "network": list(map(asdict, found.heads)),
        "ports": list(map(asdict, found.ports)),
        "rules": [_rule(rule, most) for rule in found.rules],
        "layers": list(map(asdict, found.layers)),
        "metrics": {each.name: _metric(each) for each in found.metrics},
        "weights": _weights(found.weights),
    }


def _rule(rule: Rule, most: int | None) -> Table:
    counts = {side: related and related.count for side, related in (("before", rule.before), ("after", rule.after))}
    pairs = {side: _pairs(related, most) for side, related in (("added", rule.added), ("dropped", rule.dropped))}
    named: Table = {"name": rule.name, "was": rule.was, "clause": rule.clause, "values": list(map(asdict, rule.values))}
    return {**named, **counts, **pairs}


def _pairs(related: Related | None, most: int | None) -> Table | None:
    return None if related is None else {"count": related.count, "pairs": list(related.pairs(most))}


def _metric(metric: Metric) -> Table:
    return {"before": metric.before, "after": metric.after, "ratio": metric.ratio}


def _weights(found: Weights) -> Table:
    return {**asdict(found), "verdict": found.verdict, "count": found.count, "share": found.share}
