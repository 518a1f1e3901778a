"""A link opened before anything else, by the app's own command and by Streamlit's."""

import pytest

OWN = ("-c", "from depara_core.cli import app; app()", "app", "--port")
PLAIN = ("-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port")


@pytest.mark.parametrize("command", [OWN, PLAIN])
def test_a_link_opened_first_finds_its_page(chromium, serve, tmp_path, command):
    with serve(command, tmp_path, tmp_path / "store") as address:
        page = chromium.new_page()
        page.goto(f"{address}/setup?count=5")
        page.get_by_text("How a graph is made").wait_for(timeout=120_000)
        assert page.url == f"{address}/setup?count=5"
        if command == OWN:  # under the other a busy machine may say, wrongly, that there is none: see ARCHITECTURE.md
            assert page.get_by_text("Page not found").count() == 0
        page.close()
