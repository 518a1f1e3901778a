"""The two domains of rooms: the same geometry and classes, and nothing but shading on a bare surface."""

import numpy as np
import pytest
import torch

from depara_core import rooms
from depara_core.rooms import FORM_CLASSES, NO_CLASS, RICH_FACTORS, SURFACES, TASKS, cast, pixel_grid, sample_scenes
from depara_core.rooms.casting import FIRST_OBJECT
from depara_core.rooms.domains import DOMAINS, bare, form_class, form_measure, hero_shape, object_views, rich_factors
from depara_core.rooms.scenes import HERO_SLOTS, SHAPES, SLOTS
from depara_core.rooms.styles import STYLES
from depara_core.rooms.textures import albedo

SIZE = 48


@pytest.fixture(scope="module")
def scenes():
    return object_views(9, 0, 40)


@pytest.fixture(scope="module")
def many():
    return object_views(4, 0, 3000)


def test_object_views_are_the_scenes_that_have_a_hero():
    whole = sample_scenes(40, 9)
    views = object_views(9, 0, 40)
    assert (views.hero >= 0).all()
    assert torch.equal(views.eye, whole.eye[whole.hero >= 0])
    assert torch.equal(object_views(9, 20, 40).centre, views.centre[-len(object_views(9, 20, 40)) :])


def test_bare_keeps_camera_room_and_hero_to_the_bit(scenes):
    plain = bare(scenes)
    rows = torch.arange(len(scenes))
    for name in ("room", "eye", "axes", "focal", "half", "yaw", "hero", "lamp"):
        assert torch.equal(getattr(plain, name), getattr(scenes, name)), name
    assert torch.equal(plain.centre[rows, scenes.hero], scenes.centre[rows, scenes.hero])


def test_the_hero_covers_the_same_pixels_where_no_clutter_hides_it(scenes):
    real, plain = (cast(domain(scenes), *pixel_grid(SIZE)) for domain in DOMAINS.values())
    hero = scenes.hero[:, None] + FIRST_OBJECT
    assert set(plain.piece[plain.piece >= FIRST_OBJECT].unique().tolist()) <= set((scenes.hero + FIRST_OBJECT).tolist())
    assert ((real.piece == hero) <= (plain.piece == hero)).all()
    both = (real.piece == hero) & (plain.piece == hero)
    assert both.any(1).all()
    assert torch.equal(real.depth[both], plain.depth[both])
    room = (real.piece < FIRST_OBJECT) & (plain.piece < FIRST_OBJECT)
    assert torch.equal(real.depth[room], plain.depth[room])


def test_classes_are_those_of_the_geometry_and_equal_in_both_domains(scenes):
    assert torch.equal(form_class(scenes), form_class(bare(scenes)))
    assert torch.equal(form_measure(scenes), form_measure(bare(scenes)))
    for row, label in enumerate(form_class(scenes).tolist()):
        slot = int(scenes.hero[row])
        half = scenes.half[row, slot].tolist()
        away = float((scenes.centre[row, slot] - scenes.eye[row]).square().sum().sqrt())
        shape = SLOTS[slot]
        expected = {
            "sphere": ("small", "large")[float(scenes.focal[row]) * half[0] / away > 0.295],
            "box": ("flat", "tall")[half[2] / (half[0] * half[1]) ** 0.5 > 1.12],
            "cylinder": ("squat", "tall")[half[2] / half[0] > 1.72],
            "cone": ("flat", "sharp")[half[2] / half[0] > 1.41],
        }[shape]
        assert FORM_CLASSES[label] == f"{expected} {shape}"


def test_views_of_the_room_have_no_class():
    whole = sample_scenes(30, 9)
    assert torch.equal(form_class(whole) == NO_CLASS, whole.hero < 0)


def test_classes_are_balanced(many):
    shares = torch.bincount(form_class(many), minlength=len(FORM_CLASSES)) / len(many)
    assert shares.min() > 0.08
    assert shares.max() < 0.17


def test_rich_factors_are_style_shape_and_pattern(many):
    factors = rich_factors(many)
    assert (len(STYLES), 4, 4) == RICH_FACTORS
    assert torch.equal(factors[:, 0], many.style)
    assert [SLOTS[HERO_SLOTS[shape]] for shape in factors[:8, 1]] == [SHAPES[shape] for shape in hero_shape(many)[:8]]
    objects = factors[:, 1] * 4 + factors[:, 2]
    assert torch.equal(objects, rooms.labelling.object_class(many))  # the zoo's task of the same name agrees
    assert TASKS["class_object"].channels == 16
    assert len(factors.unique(dim=0)) == 128


def test_a_bare_surface_has_one_colour_but_for_the_renderers_grain(scenes):
    """Albedo is constant on every piece to the 3.5 % grain that all surfaces have; panes do not glow."""
    plain = bare(scenes)
    hit = cast(plain, *pixel_grid(SIZE))
    colour, glow = albedo(plain, hit, 2 / SIZE)
    assert glow.max() == 0
    for row in range(len(plain)):
        for piece in hit.piece[row].unique().tolist():
            values = torch.stack([channel[row][hit.piece[row] == piece] for channel in colour])
            main = plain.finish[row, :3, piece, None]
            assert ((values / main - 1).abs() < 0.036).all(), SURFACES[min(piece, 3)]


def test_the_textured_world_is_not_so(scenes):
    hit = cast(scenes, *pixel_grid(SIZE))
    colour, _ = albedo(scenes, hit, 2 / SIZE)
    ratios = [(colour[0][row] / scenes.finish[row, 0].gather(0, hit.piece[row]) - 1).abs().max() for row in range(8)]
    assert max(ratios) > 0.2


def test_a_bare_colour_says_nothing_of_the_shape(many):
    """In the textured world the mean hue differs by shape; in the bare one colours of all shapes are alike."""
    shape = hero_shape(many)
    rows = torch.arange(len(many))
    spreads = []
    for domain in DOMAINS.values():
        colour = domain(many).finish[rows, :3, many.hero + FIRST_OBJECT]
        means = torch.stack([colour[shape == k].mean(0) for k in range(4)])
        spreads.append(float(means.std(0).max()))
    assert spreads[0] > 0.1
    assert spreads[1] < 0.02


def test_bare_pictures_render_brighter_and_smoother(scenes):
    with torch.inference_mode():
        real, plain = (rooms.render_scenes(domain(scenes[:8]), 64).numpy().astype(float) for domain in DOMAINS.values())
    steps = [np.abs(np.diff(image, axis=2)).mean() for image in (real, plain)]
    assert steps[1] < 0.6 * steps[0]
