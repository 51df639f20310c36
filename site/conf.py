"""Configuration of the reading site, which `python -m lstmcourse build site OUT` fills and lets Sphinx make."""

import os

from lstmcourse import __version__
from lstmcourse.commands.build import site_api

project = "Gated recurrent networks"
html_title = project
author = "The authors of lstmcourse"
release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["static"]

# Notebooks are shown as they are stored; lstmcourse/commands/build/site_pages.py decides what of them.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
nb_code_prompt_show = "Show the tests"
nb_code_prompt_hide = "Hide the tests"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
suppress_warnings = ["myst.header"]

mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
repository = os.environ.get("LSTMCOURSE_REPOSITORY", "")
html_theme_options = {
    "footer_icons": [{"name": "Source", "url": repository, "html": "Source", "class": ""}] if repository else [],
}

autodoc_member_order = "bysource"
autodoc_typehints = "none"
default_role = "code"


def setup(app):
    """Docstrings are plain text with code in backquotes."""
    app.connect("autodoc-process-docstring", site_api.process)
