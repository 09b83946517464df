"""The targets, and what a run has reached of them."""


class Results:
    """A run's rows, found by work and server."""

    def __init__(self, results):
        self.results = results
        self.rows = {(row["work"], row["server"]): row for row in results["figures"]}

    def get(self, work, server, figure):
        row = next((row for (title, name), row in self.rows.items() if title.startswith(work) and name == server), None)
        return row.get(figure) if row else None

    def ratio(self, work, one, other, figure="cpu_us"):
        above, below = self.get(work, one, figure), self.get(work, other, figure)
        return above / below if above and below else None

    def instructions(self, one, other):
        above, below = (self.of("instructions", server, "instructions") for server in (one, other))
        return above / below if above and below else None

    def of(self, part, server, figure):
        for row in self.results.get(part) or []:
            if row["server"] == server:
                return row.get(figure)
        return None


def lines(results):
    """(what, measured, how it is written, target, whether it is reached), for all that was measured."""
    found = Results(results)
    sixteen, many, held = "echo, 16 connections", "echo, 256", "echo, 16 connections and 1,000"
    p99, mean = found.get(many, "ours", "p99_us"), found.get(many, "ours", "mean_us")
    idle = found.of("starts", "ours", "rss_kib")
    connections = next((row for row in results.get("held") or [] if row["server"] == "ours"), {})
    sessions = results.get("sessions") or {}
    return [
        line
        for line in (
            most("CPU of a call, 16 connections, beside bare hyper", found.ratio(sixteen, "ours", "bare hyper"), 1.4, "×"),
            most("the same with a JWT, verified before", found.ratio(sixteen, "ours, JWT", "bare hyper"), 1.6, "×"),
            least("rate, 16 connections, beside bare hyper", found.ratio(sixteen, "ours", "bare hyper", "rate"), 0.75, "×"),
            least("the same with a JWT", found.ratio(sixteen, "ours, JWT", "bare hyper", "rate"), 0.65, "×"),
            least("rate, 256 connections, beside bare hyper", found.ratio(many, "ours", "bare hyper", "rate"), 0.65, "×"),
            most("p99, 256 connections, beside the mean", p99 and mean and p99 / mean, 2, "×"),
            least("rate with 1,000 connections held, beside bare hyper", found.ratio(held, "ours", "bare hyper", "rate"), 0.65, "×"),
            least("CPU of plain rmcp beside ours, 16 connections", found.ratio(sixteen, "plain rmcp", "ours"), 3, "×"),
            least("CPU of plain rmcp beside ours, 256 connections", found.ratio(many, "plain rmcp", "ours"), 3, "×"),
            least("CPU of the Python SDK beside ours", found.ratio(sixteen, "Python SDK", "ours"), 40, "×"),
            least("CPU of FastMCP beside ours", found.ratio(sixteen, "FastMCP", "ours"), 100, "×"),
            most("instructions of a call", found.of("instructions", "ours", "instructions"), 45_000, ""),
            most("allocations of a call", found.of("instructions", "ours", "allocations"), 35, ""),
            most("CPU of a call on stdio, pipelined", found.get("stdio, 100", "ours", "cpu_us"), 4, "µs"),
            least("calls a second on stdio, pipelined", found.get("stdio, 100", "ours", "rate"), 250_000, ""),
            most("p50 on stdio, one at a time, beside the raw loop", found.ratio("stdio, one", "ours", "raw loop", "p50_us"), 1.3, "×"),
            least("bare hyper's CPU of reading a file beside ours", found.ratio("read a file", "bare hyper", "ours"), 0.8, "×"),
            most("from spawn to the first answer", found.of("starts", "ours", "first_answer_ms"), 3, "ms"),
            most("memory after the first answer on stdio", idle and idle / 1024, 8, "MiB"),
            most("memory of an idle connection", connections.get("each_kib"), 14, "KiB"),
            most("memory with 10,000 idle connections", connections.get("connections", 0) >= 10_000 and connections["held_kib"] / 1024, 160, "MiB"),
            most("memory of a session of the older revisions", sessions.get("each_kib"), 2, "KiB"),
            most("CPU of a call among 1,000 tools, beside 10", found.ratio("echo beside", "ours, 1000 tools", "ours, 10 tools"), 1.1, "×"),
            most("instructions of a call among 1,000 tools, beside 10", found.instructions("ours, 1000 tools", "ours, 10 tools"), 1.1, "×"),
            most("CPU of a call with 1 % of them traced, beside none", found.ratio("echo with traces", "ours, otlp, 1 %", "ours, otlp, off"), 1.1, "×"),
        )
        if line
    ]


def most(what, value, target, unit):
    return line(what, value, f"≤ {number(target)}", unit, value and value <= target)


def least(what, value, target, unit):
    return line(what, value, f"≥ {number(target)}", unit, value and value >= target)


def line(what, value, target, unit, reached):
    if not value:
        return None
    return what, f"{number(value)} {unit}".strip(), f"{target} {unit}".strip(), bool(reached)


def number(value):
    """Three digits that count, with commas in long ones."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
