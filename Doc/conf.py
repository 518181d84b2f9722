"""Settings of Sphinx for this documentation; `make docs` builds it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tools"))

project = "Restricted CPython"
author = "its contributors"
extensions = ["sphinx.ext.autodoc", "restrict_docs"]

# The checkout, and what has to be kept out of the search for pages.
exclude_patterns = ["examples", "tools"]
root_doc = "index"
language = "en"
highlight_language = "python"
primary_domain = None
nitpicky = False
smartquotes = False
show_warning_types = True

# Signatures as written: Policy(*, memory="256MiB", ...).
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_use_legacy_class_based = False
python_use_unqualified_type_names = True
add_module_names = False
maximum_signature_line_length = 70
c_maximum_signature_line_length = 70

html_theme = "furo"
html_title = "Restricted CPython"
html_static_path = ["static"]
html_css_files = ["restrict.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_last_updated_fmt = None
html_theme_options = {"navigation_with_keys": True}
