"""Can the colours of maps be told from the image under them? CIELAB differences and WCAG contrast, light and dark.

Every mark is drawn at full and at half strength over every grey that an image can have, as `overlay` and `looks` draw
it, and compared with the bare ground there; beside it, the marks of one picture with each other. Seen by three kinds of
eyes: usual ones, and without red or green cones (Machado et al. 2009).
Baseline: 2.3, the difference that is just noticeable (Mahy et al. 1994). WCAG's 3 : 1 is of luminance alone, which
a hue laid over greys of every lightness cannot keep; it is printed, and held for the contour line.

    python benchmarks/map_contrast.py
"""

from itertools import combinations

import numpy as np
from report import headline, report
from skimage.color import deltaE_ciede2000, rgb2lab

from depara_core.figures.attribution_maps import ground, outline, overlay
from depara_core.figures.looks import look_colours, looks

GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)  # an image of one row, every lightness
OPACITY = 0.85  # the app's own
EYES = {  # Machado, Oliveira and Fernandes 2009, severity 1; of linear light
    "usual": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
MARKS = {
    "signed": ("raises", "lowers"),
    "magnitude": ("matters",),
    "where both look": ("both", "only the first", "only the second"),
}


def drawn(kind: str, mark: str, strength: float, dark: bool) -> np.ndarray:
    """Draw one mark over every grey."""
    full = np.full((1, 256), strength)
    if kind == "where both look":
        a, b = {"both": (full, full), "only the first": (full, 0 * full), "only the second": (0 * full, full)}[mark]
        return looks(GREYS, a, b, dark=dark)
    sign = -1 if mark == "lowers" else 1
    return overlay(GREYS, sign * full, limit=1.0, opacity=OPACITY, signed=kind == "signed", dark=dark)


def bare(dark: bool) -> np.ndarray:
    """Return the ground without any mark."""
    return np.repeat(np.rint(ground(GREYS, dark)), 3, axis=2).astype(np.uint8)


def linear(picture: np.ndarray) -> np.ndarray:
    """Return linear light of sRGB bytes."""
    share = picture / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def difference(a: np.ndarray, b: np.ndarray, eyes: str) -> float:
    """Return the least CIEDE2000 difference of two pictures, pixel by pixel, as these eyes see them."""
    seen = []
    for picture in (a, b):
        light = np.clip(linear(picture) @ EYES[eyes].T, 0, 1)
        srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        seen.append(rgb2lab(srgb))
    return float(deltaE_ciede2000(*seen).min())


def contrast(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return WCAG's contrast of two pictures, pixel by pixel."""
    one, other = (linear(picture) @ (0.2126, 0.7152, 0.0722) + 0.05 for picture in (a, b))
    return np.maximum(one, other) / np.minimum(one, other)


def against_ground() -> list[dict[str, object]]:
    """Return a row a mark and theme: its least difference from the ground."""
    rows = []
    for dark in (False, True):
        for kind, marks in MARKS.items():
            for mark in marks:
                row: dict[str, object] = {"theme": "dark" if dark else "light", "map": kind, "mark": mark}
                for name, strength in (("full", 1.0), ("half", 0.5)):
                    picture = drawn(kind, mark, strength, dark)
                    row |= {f"{name}, {eyes}": difference(picture, bare(dark), eyes) for eyes in EYES}
                ratio = contrast(drawn(kind, mark, 1.0, dark), bare(dark))
                rows.append(row | {"WCAG least": float(ratio.min()), "median": float(np.median(ratio))})
    return rows


def against_each_other() -> list[dict[str, object]]:
    """Return a row a pair of marks of one kind of map: their least difference over every ground."""
    rows = []
    for dark in (False, True):
        for kind, marks in MARKS.items():
            for a, b in combinations(marks, 2):
                pictures = [drawn(kind, mark, 1.0, dark) for mark in (a, b)]
                row: dict[str, object] = {"theme": "dark" if dark else "light", "map": kind, "marks": f"{a}, {b}"}
                rows.append(row | {eyes: difference(*pictures, eyes) for eyes in EYES})
    return rows


def contour() -> list[dict[str, object]]:
    """Return WCAG's contrast of the contour line with the full-strength colour that it rounds."""
    rows = []
    for dark in (False, True):
        for mark in MARKS["signed"]:
            inside = np.broadcast_to(drawn("signed", mark, 1.0, dark), (3, 256, 3)).copy()
            only = np.zeros((3, 256), dtype=bool)
            only[1] = True
            ratio = contrast(outline(inside, only, dark=dark)[1], inside[1])
            rows.append({"theme": "dark" if dark else "light", "inside": mark, "WCAG least": float(ratio.min())})
    return rows


def main() -> None:
    """Print the three tables."""
    grounds, pairs = against_ground(), against_each_other()
    report("Marks against the grey image (CIEDE2000, the least over all greys)", grounds, [])
    report(
        "Marks against each other", pairs, [f"Colours where both look: {look_colours(False)}, {look_colours(True)}."]
    )
    report("The contour line against what it rounds", contour(), [])
    for name in ("full", "half"):
        least = min(float(str(row[f"{name}, {eyes}"])) for row in grounds for eyes in EYES)
        headline(f"map colours against the image, {name} strength, least CIEDE2000", f"{least:.1f}", "2.3")
    least = min(float(str(row[eyes])) for row in pairs for eyes in EYES)
    headline("map colours against each other, least CIEDE2000", f"{least:.1f}", "2.3")


if __name__ == "__main__":
    main()
