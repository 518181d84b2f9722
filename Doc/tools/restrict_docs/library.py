"""What a guest can import, from the list of frozen modules and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build, tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def c_modules() -> list[str]:
    """Return the C modules that the surface table reviews."""
    return sorted({group.name for path in tables.surface_files()
                   for group in tables.read_surface(path).groups
                   if group.kind == "module"})


def _name(module: tuple[str, bool]) -> str:
    name, ours = module
    return f"{name} (ours)" if ours else name


class GuestModules(SphinxDirective):
    """`.. guest-modules:: python` or `:: c`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] == "c":
            for path in tables.surface_files():
                self.env.note_dependency(str(path))
            return [build.names(c_modules())]
        self.env.note_dependency(str(tables.FROZEN))
        rows = [(section.title or "Text and encodings",
                 build.names(map(_name, section.modules)))
                for section in tables.read_frozen()]
        return [build.table(["", "Modules"], [20, 80], rows)]


def setup(app: Sphinx) -> None:
    app.add_directive("guest-modules", GuestModules)
