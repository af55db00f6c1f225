"""The page of `ask-lsp usage --html`: one file with charts that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape

from ask_lsp.cli.usage import cells, columns, name_of, notes, price_of, tokens_of, total, weights
from ask_lsp.core.ledger import Grouping, UsageRow
from ask_lsp.core.spend import money

_TITLES: Mapping[Grouping, str] = {"day": "By day", "model": "By model", "action": "By action", "project": "By project"}
_MOST_DAYS = 92  # as many bars as can still be told apart
_MOST_BARS = 12

_STYLE = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #5c6570; --line: #d8dde3; --page: #ffffff; --card: #f6f8fa;
  --bar: #2f6f9f; --guess: #b26a00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ed; --soft: #9aa4af; --line: #363d45; --page: #15181c; --card: #1d2126; --bar: #6fb1e0;
    --guess: #e0a458; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; color: var(--soft); }
.totals { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 .5rem; padding: 0; list-style: none; }
.totals li { flex: 1 1 9rem; padding: .75rem 1rem; background: var(--card); border-radius: .5rem; }
.totals b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.totals span { color: var(--soft); }
svg { display: block; width: 100%; height: auto; }
svg rect { fill: var(--bar); }
svg rect.guess { fill: var(--guess); }
svg line { stroke: var(--line); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg text.name { fill: var(--text); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; margin-top: .75rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
tfoot td { font-weight: 600; border-bottom: 0; }
"""


def page(groups: Mapping[Grouping, Sequence[UsageRow]], days: int, made: datetime) -> str:
    """The page, with a chart and a table for each grouping. `made` is local time."""
    every = total(groups["day"])
    parts = [
        "<h1>What ask-lsp used</h1>",
        f"<p>The last {days} days, as of {made:%Y-%m-%d %H:%M}. Amounts in USD, days in local time.</p>",
        _totals(every),
        *(f"<p>{escape(note)}</p>" for note in notes(groups["day"])),
    ]
    for by, rows in groups.items():
        chart = _columns(_all_days(rows, days, made.date())) if by == "day" else _bars(rows[:_MOST_BARS])
        parts.append(f"<section>\n<h2>{_TITLES[by]}</h2>\n{chart}\n{_table(rows, by)}\n</section>")
    body = "\n".join(parts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What ask-lsp used</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _totals(every: UsageRow) -> str:
    shown = [
        ("USD" if every.estimated == 0 else "USD, partly estimated", money(every.usd)),
        ("requests", f"{every.requests:,}"),
        ("tokens in", tokens_of(every, every.input_tokens)),
        ("of them cached", tokens_of(every, every.cached_tokens)),
        ("tokens out", tokens_of(every, every.output_tokens)),
        *([("requests of unknown price", f"{every.unknown:,}")] if every.unknown else []),
    ]
    items = "".join(f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for name, value in shown)
    return f'<ul class="totals">{items}</ul>'


def _all_days(rows: Sequence[UsageRow], days: int, today: date) -> list[UsageRow]:
    """A row for each day, those without requests too: a gap has to be seen as one."""
    known = {row.name: row for row in rows}
    count = min(days, _MOST_DAYS)
    names = [(today - timedelta(days=back)).isoformat() for back in reversed(range(count))]
    return [known.get(name, UsageRow(name, 0, 0, 0, 0, 0.0, 0, 0)) for name in names]


def _columns(rows: Sequence[UsageRow]) -> str:
    """An upright bar for each day."""
    width, height, foot = 960.0, 180.0, 22.0
    step = width / max(1, len(rows))
    bars = []
    for index, (row, weight) in enumerate(zip(rows, weights(rows), strict=True)):
        if weight > 0:
            tall = max(1.5, weight * (height - 10))
            bars.append(
                f'<rect{_guess(row)} x="{index * step + step * 0.1:.1f}" y="{height - tall:.1f}" '
                f'width="{step * 0.8:.1f}" height="{tall:.1f}" rx="2">{_hint(row)}</rect>'
            )
    every = max(1, -(-len(rows) // 8))
    labels = "".join(
        f'<text x="{(index + 0.5) * step:.1f}" y="{height + 16:.0f}" text-anchor="middle">{escape(row.name[5:])}</text>'
        for index, row in enumerate(rows)
        if index % every == every // 2
    )
    return (
        f'<svg viewBox="0 0 {width:.0f} {height + foot:.0f}" role="img" aria-label="A bar for each day">'
        f'<line x1="0" y1="{height:.0f}" x2="{width:.0f}" y2="{height:.0f}"/>{"".join(bars)}{labels}</svg>'
    )


def _bars(rows: Sequence[UsageRow]) -> str:
    """A bar to the right for each row."""
    width, high, start = 960.0, 26.0, 300.0
    drawn = []
    for index, (row, weight) in enumerate(zip(rows, weights(rows), strict=True)):
        top = index * high
        long = max(1.5, weight * (width - start - 190)) if weight > 0 else 0.0
        drawn.append(
            f'<text class="name" x="{start - 10:.0f}" y="{top + 17:.0f}" text-anchor="end">{escape(_short(row))}</text>'
            f'<rect{_guess(row)} x="{start:.0f}" y="{top + 5:.0f}" width="{long:.1f}" height="16" rx="2">{_hint(row)}'
            f'</rect><text x="{start + long + 8:.1f}" y="{top + 17:.0f}">{escape(price_of(row))}</text>'
        )
    tall = max(1, len(rows)) * high
    return (
        f'<svg viewBox="0 0 {width:.0f} {tall:.0f}" role="img" aria-label="A bar for each row">{"".join(drawn)}</svg>'
    )


def _table(rows: Sequence[UsageRow], by: Grouping) -> str:
    heads = "".join(f"<th>{head}</th>" for head in columns(by))
    shown = reversed(rows) if by == "day" else rows
    lines = "\n".join(f"<tr>{_row(row)}</tr>" for row in shown)
    return (
        f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n'
        f"<tfoot><tr>{_row(total(rows))}</tr></tfoot>\n</table></div>"
    )


def _row(row: UsageRow) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells(row))


def _guess(row: UsageRow) -> str:
    return ' class="guess"' if row.estimated else ""


def _hint(row: UsageRow) -> str:
    counts = f"{tokens_of(row, row.input_tokens)} in, {tokens_of(row, row.output_tokens)} out"
    return f"<title>{escape(f'{name_of(row)}: {price_of(row)}, {counts}')}</title>"


def _short(row: UsageRow) -> str:
    name = name_of(row)
    return name if len(name) <= 40 else "…" + name[-39:]
