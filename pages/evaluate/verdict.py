"""What the Evaluate page concludes, in a sentence."""

from depara_core.benchmark.conclusion import Conclusion
from depara_core.formatting import interval, score
from pages.shared.markdown import plain


def verdict(found: Conclusion) -> str:
    """Say how much DEPARA finds, what chance would, and whether it is better than its rival here."""
    sure = interval(found.low, found.high).replace("[", "\\[").replace("]", "\\]")
    dds = "" if found.dds is None else f"DDS {score(found.dds)}, "
    answer = (
        f"On **{found.targets} measured targets** DEPARA finds :violet[**{score(found.mean)}**] {sure} "
        f"of the five best sources ({dds}size or ImageNet accuracy alone {score(found.random)}, as a random order: "
        "these networks have one size and no published accuracy)"
    )
    name = f"**{plain(found.rival)}** by {found.measure}"
    words = {
        "yes": f"; it is better than {name}.",
        "no": f"; {name} is better.",
        "cannot tell": f"; whether it is better than {name} these targets cannot tell.",
    }
    return answer + words[found.better]


def origin(count: int) -> str:
    """Say where scores come from that were not computed here."""
    return f" Scores that ship with the library, on {count} rooms."
