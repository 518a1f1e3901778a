"""The app's pages, one file each, and what they share.

Streamlit takes a folder called pages for its older kind of app: until the main script has run once, a link to a page
runs that page alone, without the router in app.py. The first import ends that and starts over.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
