"""Sphinx's settings for the site that `make docs` leaves in build/docs."""

import os
import re
import sys
from pathlib import Path

sys.path[:0] = [os.environ["FCN_DOCS_TOOLS"], os.environ["FCN_DOCS_MODULE"]]

project = "FCNSwift"
copyright = "the FCNSwift authors, Apache-2.0"
release = version = re.search(
    r'FCN_VERSION "([^"]*)"', Path(os.environ["FCN_DOCS_HEADER"]).read_text())[1]

extensions = ["myst_parser", "sphinx.ext.autodoc", "swift_directive"]
myst_heading_anchors = 4
# The language of code that names none.
highlight_language = "text"
# JSON with what was left out of it.
suppress_warnings = ["misc.highlighting_failure"]
# "--labels" is no dash.
smartquotes = False
# Names in single backticks, as the module's descriptions have them.
default_role = "py:obj"

autodoc_mock_imports = ["pyspark", "PIL", "tqdm"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
c_maximum_signature_line_length = 88
# Words that the header puts before what it declares.
c_id_attributes = ["FCN_EXPERIMENTAL"]

html_theme = "furo"
html_title = f"FCNSwift {release}"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}


def _link_names(app, what, name, object_, options, lines):
    """Descriptions in Python name things as they are called: segment_all(), a Session."""
    import fcnswift

    known = "|".join(n for n in fcnswift.__all__ if n[0].isupper())
    for i, line in enumerate(lines):
        line = re.sub(r"(?<![`\w.])(?:fcnswift\.)?([a-z]\w*|[A-Z]\w*\.\w+)\(\)", r":py:obj:`\1() <\1>`", line)
        line = re.sub(rf"(?<![`\w.<])({known})(?![\w`>(]|\.\w)", r":py:obj:`\1`", line)
        lines[i] = line


def setup(app):
    app.connect("autodoc-process-docstring", _link_names)
