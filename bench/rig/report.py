"""The results as a table on standard output, and as docs/performance.md."""

import os

from . import plot, targets
from .cases import ROOT

PAGE = os.path.join(ROOT, "docs", "performance.md")
PICTURE = os.path.join(ROOT, "docs", "performance.svg")
NOTES = os.path.join(ROOT, "bench", "notes.md")


def table(head, rows):
    """Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def figures(results):
    """One table for each kind of work; the first server is the limit."""
    text, works = "", dict.fromkeys(row["work"] for row in results["figures"])
    for work in works:
        rows = [row for row in results["figures"] if row["work"] == work]
        limit = rows[0]["cpu_us"]
        text += f"\n### {work[0].upper()}{work[1:]}\n\n"
        text += table(
            ("Server", "CPU µs a call", "range", "× the first", "calls/s", "mean µs", "p50", "p99", "MiB"),
            [
                (
                    row["server"],
                    targets.number(row["cpu_us"]),
                    "{} to {}".format(*map(targets.number, row["cpu_us_range"])),
                    f"{row['cpu_us'] / limit:.2f}",
                    f"{row['rate']:,.0f}",
                    *(targets.number(row[name]) for name in ("mean_us", "p50_us", "p99_us")),
                    f"{row['rss_kib'] / 1024:.1f}",
                )
                for row in rows
            ],
        )
    return text


def others(results):
    """What is not measured in rounds."""
    text = ""
    if results.get("instructions"):
        text += "\n### One call under callgrind\n\n" + table(
            ("Server", "instructions", "allocations"),
            [(row["server"], f"{row['instructions']:,}", row["allocations"] or "not counted") for row in results["instructions"]],
        )
    if results.get("starts"):
        text += "\n### Starting, on stdio\n\n" + table(
            ("Server", "spawn to first answer, ms", "memory after it, MiB"),
            [(row["server"], targets.number(row["first_answer_ms"]), f"{row['rss_kib'] / 1024:.1f}") for row in results["starts"]],
        )
    if results.get("held"):
        text += "\n### Idle connections, each after one request\n\n" + table(
            ("Server", "connections", "MiB before", "MiB with them", "KiB each"),
            [
                (row["server"], f"{row['connections']:,}", f"{row['before_kib'] / 1024:.1f}", f"{row['held_kib'] / 1024:.1f}", targets.number(row["each_kib"]))
                for row in results["held"]
            ],
        )
    sessions = results.get("sessions")
    if sessions:
        text += f"\n{sessions['sessions']:,} sessions of the revision 2025-11-25: {targets.number(sessions['each_kib'])} KiB each.\n"
    return text


def reached(results):
    rows = [(what, value, target, "yes" if good else "**no**") for what, value, target, good in targets.lines(results)]
    return table(("What", "Measured", "Target", "Reached"), rows)


def machine(results):
    found = results["machine"]
    # What follows the number names whose build of the kernel it is, not what it does.
    kernel = found["kernel"].partition("-")[0]
    return (
        f"{results['when']}, commit {results['commit']}: {found['cpu']}, {found['cores']} cores, {found['memory_gib']} GiB, "
        f"Linux {kernel}, load average {found['load']} at the start and {found['load_after']} at the end; "
        f"{results['versions']}. {results['rounds']} rounds of {results['seconds']} s for each server and kind of work, "
        "in turn; medians."
    )


def standard_output(results):
    return f"{machine(results)}\n{figures(results)}{others(results)}\n### Targets\n\n{reached(results)}"


def write_page(results):
    """The page and its picture."""
    with open(PICTURE, "w", encoding="utf-8") as file:
        file.write(plot.draw(results))
    with open(NOTES, encoding="utf-8") as file:
        before, after = file.read().split("<!-- figures -->\n")
    page = (
        "<!-- Written by `bench/run --page`; the words are in bench/notes.md. -->\n"
        + before
        + f"## The run\n\n{machine(results)}\n\n![CPU time per call](performance.svg)\n\n## Targets\n\n{reached(results)}"
        + f"\n## Figures\n{figures(results)}{others(results)}\n"
        + after
    )
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
