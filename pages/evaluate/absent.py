"""What the Evaluate page says where a benchmark's models cannot be opened."""

import streamlit as st

from pages.evaluate import computed
from pages.shared import jobs, text
from pages.shared.parts import Data

GET = {
    "rooms": "Its weights ship with the library: restore the folder `assets/zoo`.",
    "taskonomy": (
        "Install the package that knows where Taskonomy's encoders are, `pip install 'depara-explorer[taskonomy]'`, "
        "and try again while the machine is online; or place the files in the torch hub cache, "
        "`~/.cache/torch/hub/checkpoints`."
    ),
}


def card(benchmark: str, data: Data, reason: str) -> None:
    """Say what is missing, and how to get it."""
    with st.container(border=True, key="card-absent"):
        st.subheader("The models of this benchmark are not here", anchor=False)
        if benchmark in GET:
            st.markdown(GET[benchmark])
        st.caption(text.plain(reason))
        scores = computed.scores(benchmark, data)
        st.button("Try again", key="evaluate.again", on_click=lambda: jobs.click(scores, again=True))
        st.caption("What needs no model stands below: measured transfer, its controls, and the published figures.")
