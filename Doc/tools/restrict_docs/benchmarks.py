"""benchmark: plots and tables of what `make bench` measured.

Doc/benchmarks.json is read when the pages are built; matplotlib draws, and the
drawing becomes part of the page as SVG.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build, tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sphinx.application import Sphinx

DATA = tables.TOP / "Doc" / "benchmarks.json"
# Of a middle grey and two colours that hold on a white and on a black page.
COLOURS = {"guest": "#3b7dd8", "restrict": "#3b7dd8",
           "restricted": "#3b7dd8", "trusted": "#999999",
           "plain": "#999999", "json": "#999999"}
OTHER = "#c98a2b"
INK = "#808080"


def time_text(seconds: float) -> str:
    """Return a time with three digits and a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def pairs(life: dict[str, Any], *starts: str) -> list[tuple[str, str, float]]:
    """Return (what, whose, seconds) of the figures with one of the starts."""
    rows = []
    for name, figure in life.items():
        what, _, whose = name.rpartition(": ")
        if what.startswith(starts):
            rows.append((what, whose, figure["mean"]))
    return rows


# --- Drawing ----------------------------------------------------------------

def _svg(height: float, draw: Callable[[Axes], None]) -> nodes.raw:
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "restrict",
        "font.family": "sans-serif", "font.size": 9, "text.color": INK,
        "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK,
        "ytick.color": INK})
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(7, height))
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, bbox_inches="tight",
                   metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    text = out.getvalue()
    return nodes.raw("", text[text.index("<svg"):], format="html")


def draw_programs(axes: Axes, rows: list[Any]) -> None:
    """One pair of bars a program, as multiples of upstream's time."""
    for shift, column, name in ((0.2, 2, "trusted"), (-0.2, 3, "restricted")):
        axes.barh([i + shift for i in range(len(rows))],
                  [row[column] for row in rows], 0.38, label=name,
                  color=COLOURS[name])
    axes.axvline(1.0, color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_xlabel("time, upstream's is 1")
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="lower right")


def draw_times(axes: Axes, rows: list[tuple[str, str, float]]) -> None:
    """One bar a figure, on a scale of powers of ten."""
    axes.barh(range(len(rows)), [seconds for _, _, seconds in rows], 0.7,
              color=[COLOURS.get(whose, OTHER) for _, whose, _ in rows])
    axes.set_yticks(range(len(rows)),
                    [f"{what}: {whose}" for what, whose, _ in rows])
    axes.set_xscale("log")
    axes.set_xlabel("seconds")
    for i, (_, _, seconds) in enumerate(rows):
        axes.annotate(" " + time_text(seconds), (seconds, i), va="center",
                      fontsize=8)
    axes.invert_yaxis()


# --- The directive ----------------------------------------------------------

SECTIONS = {
    "life": ("create", "run 1+1", "import", "stop"),
    "use": ("guest calls", "host calls", "copy", "read"),
    "peers": ("start,", "a loop", "HumanEval"),
}


class Benchmark(SphinxDirective):
    """`.. benchmark:: programs`, or a name of SECTIONS, or `machine`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if not DATA.exists():
            return [nodes.paragraph("", "Not measured for this copy: run "
                                        "make bench.")]
        self.env.note_dependency(str(DATA))
        data = json.loads(DATA.read_text(encoding="utf-8"))
        what = self.arguments[0]
        if what == "machine":
            return [nodes.paragraph("", self.machine(data))]
        if what == "programs":
            return self.programs(data["programs"])
        return self.section(data["life"], SECTIONS[what])

    @staticmethod
    def machine(data: dict[str, Any]) -> str:
        memory = data["memory"]
        return (f"Measured with CPython {data['python']} on "
                f"{data['processors']} cores of {data['processor']}, "
                f"{data['day']}. A new guest takes "
                f"{memory['guest'] / 2**20:.1f} MiB, a plain "
                f"sub-interpreter {memory['plain'] / 2**20:.1f} MiB.")

    @staticmethod
    def programs(rows: list[Any]) -> list[nodes.Node]:
        table = [(name, time_text(base), f"{trusted:.3f}",
                  f"{restricted:.3f}")
                 for name, base, trusted, restricted in rows]
        return [_svg(0.35 * len(rows) + 0.8,
                     lambda axes: draw_programs(axes, rows)),
                build.table(["Program", "Upstream", "Trusted", "Restricted"],
                            [40, 20, 20, 20], table)]

    @staticmethod
    def section(life: dict[str, Any],
                starts: tuple[str, ...]) -> list[nodes.Node]:
        rows = pairs(life, *starts)
        table = []
        for what, whose, seconds in rows:
            figure = life[f"{what}: {whose}"]
            programs = (f", {figure['passed']} of {figure['of']} programs"
                        if "passed" in figure else "")
            table.append((what, whose + programs, time_text(seconds),
                          time_text(figure["stdev"])))
        return [_svg(0.26 * len(rows) + 0.8,
                     lambda axes: draw_times(axes, rows)),
                build.table(["", "By", "Mean", "Standard deviation"],
                            [40, 24, 16, 20], table)]


def setup(app: Sphinx) -> None:
    app.add_directive("benchmark", Benchmark)
