"""Reads metrics from standard input with the parsers that the Prometheus project wrote for Python, and finds what
`promtool check metrics` would: `metrics.py [openmetrics]`. Says how many samples there are."""

import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus


def problems(family):
    name, kind = family.name, family.type
    if not family.documentation:
        yield f"{name}: no help"
    if not name.replace("_", "").replace(":", "").isalnum() or name != name.lower():
        yield f"{name}: not in snake_case"
    if kind != "counter" and name.endswith("_total"):
        yield f"{name}: only counters end in _total"
    for word in ("counter", "gauge", "histogram"):
        if word in name.split("_"):
            yield f"{name}: a name does not say its type"
    for unit in ("_milliseconds", "_ms", "_kilobytes", "_minutes"):
        if unit in name:
            yield f"{name}: not in base units"
    seen = set()
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        if key in seen:
            yield f"{sample.name}: twice with {sample.labels}"
        seen.add(key)
        if kind == "counter" and not sample.name.endswith("_total"):
            yield f"{sample.name}: a counter ends in _total"
    if kind == "histogram":
        yield from histogram(family)


def histogram(family):
    """Buckets must not shrink, and the last one is the count."""
    rows = {}
    for sample in family.samples:
        labels = {key: text for key, text in sample.labels.items() if key != "le"}
        row = rows.setdefault(tuple(sorted(labels.items())), {"buckets": []})
        if sample.name.endswith("_bucket"):
            row["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            row[sample.name.rsplit("_", 1)[1]] = sample.value
    for labels, row in rows.items():
        counts = [count for _, count in sorted(row["buckets"])]
        if counts != sorted(counts) or counts[-1] != row.get("count") or "sum" not in row:
            yield f"{family.name}: no histogram at {labels}: {row}"


text = sys.stdin.read()
parse = openmetrics if sys.argv[1:] == ["openmetrics"] else prometheus
families = list(parse.text_string_to_metric_families(text))
found = [problem for family in families for problem in problems(family)]
names = [family.name for family in families]
found += [f"{name}: there twice" for name in set(names) if names.count(name) > 1]
if found:
    sys.exit("\n".join(found))
print(sum(len(family.samples) for family in families))
