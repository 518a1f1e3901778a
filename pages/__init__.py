"""The app's pages, one folder each, and what they share.

Streamlit takes a folder called pages for its older kind of app: until the router in app.py has run once, it knows no
page but that file, and the address that was opened is not found. The first import ends that and begins the run anew,
with the page that was asked for.
"""

from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx

if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    _run = get_script_run_ctx()
    if _run is not None:
        _page = _run.pages_manager.intended_page_name or ""
        raise RerunException(RerunData(_run.query_string, page_name=_page, context_info=_run.context_info))
