"""benchmark: plots and tables of what `make bench` measured.

Doc/benchmarks.json is read when the pages are built; matplotlib draws, and the
drawing becomes part of the page as SVG.
"""

from __future__ import annotations

import io
import json
import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build, tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sphinx.application import Sphinx

DATA = tables.TOP / "Doc" / "benchmarks.json"
# Of a middle grey and colours that hold on a white and on a black page: a
# guest is blue everywhere.
COLOURS = {"guest": "#3b7dd8", "restrict": "#3b7dd8",
           "restricted": "#3b7dd8", "trusted": "#999999",
           "plain": "#999999", "json": "#999999",
           "pydantic-monty": "#c98a2b", "RestrictedPython": "#5f9e6e"}
OTHER = "#c98a2b"
INK = "#808080"


def time_text(seconds: float) -> str:
    """Return a time with three digits and a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


Groups = dict[str, dict[str, dict[str, float]]]


def groups_of(life: dict[str, Any], *starts: str) -> Groups:
    """Return {what: {whose: figure}} of the figures with one of the starts."""
    groups: Groups = {}
    for name, figure in life.items():
        what, _, whose = name.rpartition(": ")
        if what.startswith(starts):
            groups.setdefault(what, {})[whose] = figure
    return groups


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


def draw_programs(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """A pair of bars for each program, as multiples of upstream's time."""
    for shift, mode in ((-0.2, "trusted"), (0.2, "restricted")):
        axes.barh([i + shift for i in range(len(rows))],
                  [row[mode] for row in rows], 0.38, label=mode,
                  color=COLOURS[mode], ecolor=INK,
                  xerr=[row.get(f"{mode}_spread", 0.0) for row in rows])
    axes.axvline(1.0, color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_xlabel("time, upstream's is 1")
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def draw_times(axes: Axes, groups: Groups) -> None:
    """A bar for each figure, on a scale of powers of ten; those of the same
    work stand together under one name."""
    ticks, labels, seen, at = [], [], set(), 0.0
    least = min(figure["mean"] for group in groups.values()
                for figure in group.values())
    for what, group in groups.items():
        ticks.append(at + (len(group) - 1) / 2)
        labels.append(what)
        for whose, figure in group.items():
            axes.barh(at, figure["mean"], 0.9, xerr=figure["stdev"],
                      color=COLOURS.get(whose, OTHER), ecolor=INK,
                      label=None if whose in seen else whose)
            axes.annotate("  " + time_text(figure["mean"]),
                          (figure["mean"] + figure["stdev"], at),
                          va="center", fontsize=8)
            seen.add(whose)
            at += 1
        at += 0.6
    axes.set_yticks(ticks, labels)
    axes.set_xscale("log")
    axes.set_xlim(left=least / 3)
    axes.set_xlabel("seconds")
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1))


# --- The directive ----------------------------------------------------------

SECTIONS = {
    "life": ("create", "run 1+1", "import", "stop"),
    "use": ("guest calls", "host calls", "copy", "read", "64 bytes"),
    "peers": ("start,", "a loop", "HumanEval"),
}


class Benchmark(SphinxDirective):
    """`.. benchmark:: programs`, or a name of SECTIONS, or `machine`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(DATA))
        if not DATA.exists():
            return [nodes.paragraph("", "Not measured for this copy: run "
                                        "make bench.")]
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
        fast = (" In one short round each, to see that it works: the figures "
                "are rough." if data.get("fast") else "")
        return (f"Measured with CPython {data['python']} on "
                f"{data['processors']} cores of {data['processor']}, "
                f"{data['day']}. A new guest takes "
                f"{memory['guest'] / 2**20:.1f} MiB, a plain "
                f"sub-interpreter {memory['plain'] / 2**20:.1f} MiB.{fast}")

    @staticmethod
    def programs(rows: list[dict[str, Any]]) -> list[nodes.Node]:
        mean = {mode: statistics.geometric_mean(row[mode] for row in rows)
                for mode in ("trusted", "restricted")}
        table = [(row["name"].replace("_", " "), time_text(row["upstream"]),
                  *(f"{row[mode]:.3f} ± {row[f'{mode}_spread']:.3f}"
                    for mode in mean)) for row in rows]
        table.append(("geometric mean", "",
                      *(f"{value:.3f}" for value in mean.values())))
        shown = [{**row, "name": row["name"].replace("_", " ")}
                 for row in rows] + [{"name": "geometric mean", **mean}]
        return [_svg(0.35 * len(shown) + 0.8,
                     lambda axes: draw_programs(axes, shown)),
                build.table(["Program", "Upstream", "Trusted", "Restricted"],
                            [34, 18, 24, 24], table)]

    @staticmethod
    def section(life: dict[str, Any],
                starts: tuple[str, ...]) -> list[nodes.Node]:
        groups = groups_of(life, *starts)
        table = []
        for what, group in groups.items():
            ours = next(iter(group.values()))["mean"]
            for whose, figure in group.items():
                programs = (f", {figure['passed']} of {figure['of']} programs"
                            if "passed" in figure else "")
                table.append((what, whose + programs,
                              f"{time_text(figure['mean'])} ± "
                              f"{figure['stdev'] / figure['mean']:.0%}",
                              f"{figure['mean'] / ours:.2f}"))
                what = ""
        bars = sum(map(len, groups.values()))
        return [_svg(0.2 * bars + 0.12 * len(groups) + 0.8,
                     lambda axes: draw_times(axes, groups)),
                build.table(["", "By", "Mean", "Times the first"],
                            [40, 28, 18, 14], table)]


def setup(app: Sphinx) -> None:
    app.add_directive("benchmark", Benchmark)
