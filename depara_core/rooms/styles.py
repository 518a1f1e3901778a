"""The eight styles of a room: palettes, patterns and light, but never its size (that would tie scene to layout)."""

from dataclasses import dataclass

SURFACES = ("floor", "ceiling", "walls", "sphere", "box", "cylinder", "cone")  # what a pixel can show
PATTERNS = ("plain", "stripes", "checks", "spots", "tiles", "bricks", "planks")
OBJECT_PATTERNS = PATTERNS[:4]  # what objects wear: shape x pattern makes the 16 classes of class_object

HSV = tuple[float, float, float]


@dataclass(frozen=True)
class Finish:
    """A surface: pattern name, its period (metres), main and second colour (hue, saturation, value in [0, 1])."""

    pattern: str
    period: float
    main: HSV
    second: HSV


@dataclass(frozen=True)
class Style:
    """One kind of room: finishes of its three surfaces, colours of lamp and daylight, hue shift of its objects."""

    name: str
    floor: Finish
    ceiling: Finish
    wall: Finish
    lamp: HSV
    daylight: HSV
    hue_shift: float


WARM, NEUTRAL, COOL = (0.09, 0.26, 1.0), (0.12, 0.07, 1.0), (0.56, 0.14, 1.0)
WHITE_CEILING = Finish("plain", 1.0, (0.11, 0.04, 0.93), (0.11, 0.04, 0.88))

STYLES: tuple[Style, ...] = (
    Style(
        "living room",
        Finish("planks", 0.17, (0.08, 0.45, 0.74), (0.07, 0.55, 0.48)),
        WHITE_CEILING,
        Finish("plain", 1.0, (0.11, 0.12, 0.88), (0.10, 0.10, 0.84)),
        WARM,
        COOL,
        0.0,
    ),
    Style(
        "bathroom",
        Finish("tiles", 0.30, (0.55, 0.22, 0.62), (0.55, 0.06, 0.90)),
        WHITE_CEILING,
        Finish("tiles", 0.26, (0.49, 0.28, 0.84), (0.50, 0.04, 0.96)),
        NEUTRAL,
        COOL,
        0.05,
    ),
    Style(
        "loft",
        Finish("plain", 1.0, (0.09, 0.06, 0.58), (0.09, 0.06, 0.50)),
        Finish("planks", 0.24, (0.07, 0.42, 0.50), (0.06, 0.55, 0.30)),
        Finish("bricks", 0.34, (0.03, 0.52, 0.66), (0.08, 0.12, 0.78)),
        WARM,
        NEUTRAL,
        -0.03,
    ),
    Style(
        "nursery",
        Finish("spots", 0.42, (0.93, 0.20, 0.84), (0.95, 0.08, 0.96)),
        WHITE_CEILING,
        Finish("stripes", 0.36, (0.58, 0.22, 0.92), (0.60, 0.08, 0.97)),
        WARM,
        NEUTRAL,
        0.03,
    ),
    Style(
        "gallery",
        Finish("plain", 1.0, (0.07, 0.30, 0.36), (0.07, 0.30, 0.30)),
        Finish("plain", 1.0, (0.60, 0.03, 0.80), (0.60, 0.03, 0.76)),
        Finish("plain", 1.0, (0.12, 0.03, 0.95), (0.12, 0.03, 0.92)),
        NEUTRAL,
        NEUTRAL,
        -0.05,
    ),
    Style(
        "study",
        Finish("planks", 0.11, (0.05, 0.58, 0.46), (0.04, 0.65, 0.26)),
        Finish("plain", 1.0, (0.12, 0.16, 0.84), (0.12, 0.16, 0.80)),
        Finish("stripes", 0.58, (0.41, 0.42, 0.42), (0.42, 0.44, 0.36)),
        WARM,
        COOL,
        0.02,
    ),
    Style(
        "kitchen",
        Finish("checks", 0.48, (0.10, 0.06, 0.92), (0.60, 0.16, 0.26)),
        WHITE_CEILING,
        Finish("plain", 1.0, (0.13, 0.46, 0.92), (0.13, 0.42, 0.90)),
        NEUTRAL,
        COOL,
        -0.02,
    ),
    Style(
        "workshop",
        Finish("tiles", 0.95, (0.58, 0.10, 0.52), (0.58, 0.12, 0.36)),
        Finish("stripes", 0.44, (0.58, 0.06, 0.66), (0.58, 0.08, 0.56)),
        Finish("bricks", 0.62, (0.60, 0.26, 0.68), (0.60, 0.12, 0.82)),
        COOL,
        COOL,
        0.06,
    ),
)
