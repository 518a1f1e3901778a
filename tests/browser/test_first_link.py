"""A link opened before anything else, under Streamlit's own command."""


def test_a_link_opened_first_finds_its_page(chromium, serve, tmp_path):
    plain = ("-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port")
    with serve(plain, tmp_path, tmp_path / "store") as address:
        page = chromium.new_page()
        page.goto(f"{address}/setup?count=5")
        page.get_by_text("How a graph is made").wait_for(timeout=120_000)
        assert page.get_by_text("Page not found").count() == 0
        assert page.url == f"{address}/setup?count=5"
        page.close()
