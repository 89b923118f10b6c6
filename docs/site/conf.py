"""Sphinx's settings for the docs site; `make docs-site` builds it, see tools/site.py."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import raddle

project = "raddle"
author = "The raddle developers"
copyright = author
version = release = raddle.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "api"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
myst_links_external_new_tab = False

default_role = "literal"
nitpicky = True
# What a signature calls its types without saying where they are from: variables, and what
# functions of raddle return, which their text describes.
nitpick_ignore = [
    ("py:class", name)
    for name in (
        *("A", "B", "T", "P", "P.args", "P.kwargs", "Ts", "Self", "Ordered", "Client"),
        *("Cores", "Inversion", "Map", "Race", "Report", "GenericAlias", "ProfileFunction"),
        *("TraceFunction", "DoneAndNotDoneFutures", "Lockable", "lock"),
    )
]
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_display_short_literal_types = True
maximum_signature_line_length = 72
add_module_names = False
toc_object_entries_show_parents = "hide"

# The inventory is a file, so that building needs no network: tools/site.py packs python.txt.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", os.environ["RADDLE_SITE_PYTHON"]),
}

html_theme = "furo"
html_title = "raddle"
html_favicon = str(Path(__file__).with_name("icon.svg"))
html_static_path = [str(Path(__file__).with_name("site.css"))]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = html_domain_indices = False
pygments_style, pygments_dark_style = "default", "github-dark"
html_theme_options = {"top_of_page_buttons": []}
