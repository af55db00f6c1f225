"""The figures as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from figures import Figure

_HEADS = ("", "measured", "at most", "", "samples", "compared with")


def table(machine: Mapping[str, str], versions: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Machine and versions, then one line a figure with what it is made of below it."""
    rows = [_HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [_pairs(machine), _pairs(versions), ""]
    for number, row in enumerate(rows):
        lines.append("  ".join(_fit(cell, widths[column], column) for column, cell in enumerate(row)).rstrip())
        if number and figures[number - 1].detail:
            lines.append(
                "    " + ", ".join(f"{name} {value:.3g}" for name, value in figures[number - 1].detail.items())
            )
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    bound = "" if figure.bound is None else f"{figure.bound:g} {figure.unit}"
    measured = f"{figure.value:.2f} {figure.unit}"
    return figure.name, measured, bound, figure.mark, str(figure.samples), figure.reference


def _fit(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in (1, 2, 4) else cell.ljust(width)


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())
