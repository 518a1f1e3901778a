"""Links of earlier versions: the names that they use, and where each belongs now."""

from pages.shared.address import Query

# An old name, or "name=value", -> its new place: a name that all pages share, or "page.name". Where it belongs to
# several pages, a link to one of them means that one.
RENAMED: dict[str, tuple[str, ...]] = {
    "a": ("source",),
    "layer_a": ("source_layer",),
    "b": ("target",),
    "layer_b": ("target_layer",),
    "c": ("third",),
    "other": ("other_probe",),
    "mode": ("maps",),
    "brush": ("region",),
    "brush=both alike": ("why.kind",),
    "brush=only A alike": ("why.kind",),
    "brush=only B alike": ("why.kind",),
    "step": ("tour.step",),
    "picked": ("tour.images",),
    "view=models": ("attributions.view",),
    "view=layers": ("attributions.view",),
    "shown": ("attributions.shown", "panorama.shown"),
    "sort": ("attributions.sort",),
    "page": ("attributions.page", "why.page"),
    "view=two": ("graphs.view",),
    "view=one": ("graphs.view",),
    "layout": ("graphs.layout",),
    "around": ("graphs.around",),
    "view=nodes": ("models.view",),
    "view=edges": ("models.view",),
    "view=combined": ("models.view",),
    "view=probes": ("why.view",),
    "view=pairs": ("why.view",),
    "view=groups": ("why.view",),
    "view=objects": ("why.view=surfaces",),
    "view=influence": ("why.view=leave_one_out",),
    "view=contrast": ("why.view",),
    "groups": ("why.groups",),
    "world": ("evaluate.benchmark",),
    "budget": ("evaluate.budget",),
    "metrics": ("evaluate.metrics",),
    "figure": ("evaluate.measure",),
    "metric": ("evaluate.metric",),
    "rival": ("evaluate.rival",),
    "published": ("evaluate.published",),
    "view=k": ("evaluate.against",),
    "view=recall": ("evaluate.against",),
}
PAIR_PAGES = ("tour", "graphs", "panorama", "layers", "why")  # there "b" was the target, elsewhere "target" was


def renamed(query: Query, page: str) -> dict[str, list[str]]:
    """Return a query with today's names; a name of another page is "page.name"."""
    found: dict[str, list[str]] = {}
    for name, texts in sorted(query.items(), key=lambda item: _key(*item) not in RENAMED):  # a new name wins
        if {"b", "target"} <= set(query) and name == ("target" if page in PAIR_PAGES else "b"):
            continue
        places = RENAMED.get(_key(name, texts), (name,))
        own = [place for place in places if place.startswith(f"{page}.")]
        for place in own or places:
            new, _, value = place.partition("=")
            found[new.removeprefix(f"{page}.")] = [value] if value else list(texts)
    return found


def _key(name: str, texts: list[str]) -> str:
    """Return what the table knows a parameter by: its name, or its name and value."""
    both = f"{name}={texts[0]}" if len(texts) == 1 else name
    return both if both in RENAMED else name
