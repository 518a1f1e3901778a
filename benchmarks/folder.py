"""A folder of 100,000 images: how long until they are listed, and until twenty of them are drawn.

The files are links to a thousand small pictures in ten folders, so that the time is that of listing and of drawing, not
of a disk. Baseline: the target of the project itself, "in seconds".

    python benchmarks/folder.py [--count 100000]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from report import headline, measure, report

import depara_core as depara
from depara_core.probes.counting import count_splits

PICTURES, CLASSES, DRAWN = 1000, 10, 20


def grow(folder: Path, count: int) -> Path:
    """Make the folder."""
    pixels = np.random.default_rng(0).integers(0, 256, (PICTURES, 8, 8, 3), dtype=np.uint8)
    originals = folder / "originals"
    originals.mkdir()
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(originals / f"{number}.png")
    for number in range(CLASSES):
        (folder / "images" / f"class {number}").mkdir(parents=True)
    for number in range(count):
        place = folder / "images" / f"class {number % CLASSES}" / f"{number}.png"
        place.hardlink_to(originals / f"{number % PICTURES}.png")
    return folder / "images"


def main() -> None:
    """Time both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        images = grow(Path(folder), count)
        with measure() as listed:
            found = sum(count_splits(images).values())
        with measure() as drawn:
            probes = depara.load_probes(images, count=DRAWN)
    rows = [
        {"what": f"{found:,} images listed", "s": round(listed.seconds, 2)},
        {"what": f"{len(probes)} drawn, of {len(set(probes.labels or ()))} classes", "s": round(drawn.seconds, 2)},
    ]
    report("A large folder", rows, [])
    headline(f"{found:,} images in a folder: listed / {DRAWN} drawn", f"{rows[0]['s']} s / {rows[1]['s']} s", "seconds")


if __name__ == "__main__":
    main()
