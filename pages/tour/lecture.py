"""The tour for a hall: large type, the whole width, and a code that opens the step on every phone."""

import io
from urllib.parse import urlencode

import segno
import streamlit as st

from pages.shared import selection
from pages.tour.selection import Tour

LARGE = "<style>html { font-size: 20px !important; } [data-testid='stSidebar'] { display: none; }</style>"
SCALE = 5  # pixels of a square of the code


def enlarge() -> None:
    """Make the type large and leave the sidebar out."""
    st.html(LARGE)


def link() -> str:
    """Return the address of this step as a reader opens it, with these networks and images, not for a hall."""
    query = {name: texts for name, texts in selection.query("tour").items() if name != "lecture"}
    return f"{(st.context.url or '').rstrip('/')}{'?' + urlencode(query, doseq=True) if query else ''}"


def code(address: str) -> bytes:
    """Return an address as a QR code, a PNG in black on white."""
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind="png", scale=SCALE, border=3)
    return picture.getvalue()


def draw() -> None:
    """Draw the code with its address, where the app's own address is known."""
    address = link()
    if address.startswith("http"):
        with st.container(horizontal=True, vertical_alignment="center", key="tour-code"):
            st.image(code(address), width=190, alt="QR code of this step's address")
            st.caption("This step, with these networks and images. The keys ← and → turn the steps.")


def shortcut(key: str) -> str | None:
    """Return the key of a button that turns the steps, in a hall only: elsewhere arrows move within the page."""
    return key if selection.read(Tour).lecture else None
