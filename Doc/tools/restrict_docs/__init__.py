"""The Sphinx extension of this documentation: pages made from the code.

    tables     reads the sources: surface table, module list, C header
    surface    surface-summary, surface-refusals, surface-table
    library    guest-modules: what a guest's standard library holds
    header     c-section, c-rest: the C API from the header
    benchmarks benchmark: plots of what `make bench` measured
    sources    source-map, patch-map: files of ours, and hooks
    python     policy-fields, program-help, when, unless, and docstrings for
               autodoc

What a directive shows is read when the pages are built, so that they say what
the code says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restrict_docs import (
    benchmarks,
    header,
    library,
    python,
    sources,
    surface,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all directives."""
    for part in (benchmarks, header, library, python, sources, surface):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True,
            "parallel_write_safe": True}
