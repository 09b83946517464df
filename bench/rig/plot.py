"""The picture: bars of CPU time per call, as SVG, written by hand."""

from html import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 760, 18, 6, 170, 150
COLOURS = {"ours": "#1b6ca8", "bare": "#9aa5b1", "raw": "#9aa5b1", "peer": "#d98e32"}
PANELS = (
    ("tools/call echo over HTTP, 16 connections", "echo, 16 connections"),
    ("tools/call echo over HTTP, 256 connections", "echo, 256 connections"),
    ("Reading a file of 4 KiB over HTTP, 16 connections", "read a file of 4 KiB, 16 connections"),
    ("tools/call echo on stdio, pipelined", "stdio, 100 on their way"),
)
FAR = 2.5  # A bar this much longer than all of ours and rmcp's is cut, and says so.


def draw(results):
    """The whole picture."""
    parts, top = [], 56
    for title, work in PANELS:
        rows = [(row["server"], row["cpu_us"]) for row in results["figures"] if row["work"] == work]
        if not rows:
            continue
        parts.append(_text(16, top, title, size=14, weight="bold"))
        top += 10
        limit = rows[0][1]
        near = [value for name, value in rows if _kind(name) != "peer" or "rmcp" in name]
        longest = min(max(value for _, value in rows), FAR * max(near))
        for name, value in rows:
            length = (WIDTH - LEFT - RIGHT) * min(value, longest) / longest
            parts.append(_text(LEFT - 8, top + 13, name, anchor="end"))
            parts.append(
                f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" fill="{COLOURS[_kind(name)]}"/>'
            )
            if value > longest:
                parts.append(_cut(LEFT + length - 26, top))
            label = f"{value:,.1f} µs" if value < 100 else f"{value:,.0f} µs"
            parts.append(_text(LEFT + length + 6, top + 13, f"{label}  ({value / limit:.1f} ×)"))
            top += BAR + GAP
        top += 26
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
        ' font-family="DejaVu Sans, Verdana, sans-serif">',
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
        _text(16, 26, "The server's CPU time per call, shorter is better", size=16, weight="bold"),
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def _kind(name):
    word = name.replace(",", " ").split()[0]
    return word if word in COLOURS else "peer"


def _cut(x, y):
    return f'<path d="M{x:.1f} {y - 2} l6 {BAR + 4} h6 l-6 -{BAR + 4} z" fill="#ffffff"/>'


def _text(x, y, words, size=12, anchor="start", weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}"'
        f' fill="#1f2933" xml:space="preserve">{escape(words)}</text>'
    )
