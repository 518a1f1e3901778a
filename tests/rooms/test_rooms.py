"""The bundled world: the same whatever the count, geometry that agrees with itself, labels of the promised shapes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depara_core import rooms
from depara_core.errors import OptionError
from depara_core.rooms import NO_CLASS, SURFACES, TASKS, cast, labels2d, pixel_grid, sample_scenes
from depara_core.rooms.casting import FIRST_OBJECT, crossings, vector
from depara_core.rooms.scenes import HERO_SLOTS, SLOTS
from depara_core.rooms.styles import STYLES

SIZE, COUNT, SEED = 64, 12, 3


@pytest.fixture(scope="module")
def scenes():
    return sample_scenes(COUNT, SEED)


@pytest.fixture(scope="module")
def hit(scenes):
    return cast(scenes, *pixel_grid(SIZE))


@pytest.fixture(scope="module")
def labels():
    return rooms.labels(COUNT, SEED, SIZE)


@pytest.fixture(scope="module")
def images():
    return rooms.render(COUNT, SEED, SIZE)


@pytest.mark.parametrize("size", [16, 64, 128])
def test_a_picture_does_not_depend_on_the_count(size):
    many = rooms.render(6, SEED, size)
    for count in (1, 3, 5):
        np.testing.assert_array_equal(rooms.render(count, SEED, size), many[:count])


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31), start=st.integers(0, 10**6))
def test_a_scene_does_not_depend_on_where_the_sampling_starts(seed, start):
    whole, part = sample_scenes(4, seed, start), sample_scenes(2, seed, start + 2)
    for name in ("room", "eye", "centre", "finish", "panels"):
        torch.testing.assert_close(getattr(whole[2:4], name), getattr(part, name), rtol=1e-6, atol=1e-6)


def test_seeds_make_different_pictures(images):
    assert np.abs(rooms.render(COUNT, SEED + 1, SIZE).astype(int) - images).mean() > 20


def test_pictures_are_neither_flat_nor_burnt_out(images):
    assert images.dtype == np.uint8
    assert images.shape == (COUNT, SIZE, SIZE, 3)
    assert (images.std(axis=(1, 2, 3)) > 12).all()
    assert ((images > 252).mean(axis=(1, 2, 3)) < 0.5).all()


def test_edges_are_smoothed():
    scenes = sample_scenes(1, SEED)
    raw = rooms.rendering.shade(scenes, cast(scenes, *pixel_grid(SIZE)), 2 / SIZE).view(3, SIZE, SIZE)
    smooth = torch.from_numpy(rooms.render(1, SEED, SIZE)[0]).permute(2, 0, 1) / 255
    steps = [image.diff(dim=-1).abs().amax(0).flatten().quantile(0.995) for image in (raw, smooth)]
    assert steps[1] < steps[0]


def test_rays_end_on_what_they_meet(scenes, hit):
    inside = [(p > -1e-3) & (p < scenes.room[:, k, None] + 1e-3) for k, p in enumerate(hit.point)]
    assert all(bool(part.all()) for part in inside)
    walls = {0: hit.point[2], 1: scenes.room[:, 2, None] - hit.point[2]}
    for piece, distance in walls.items():
        assert distance[hit.piece == piece].abs().max() < 1e-3
    sphere = hit.piece == FIRST_OBJECT + 1
    centre, radius = scenes.centre[:, 1], scenes.half[:, 1, 0]
    away = sum((p - centre[:, k, None]) ** 2 for k, p in enumerate(hit.point)).sqrt()
    assert bool(sphere.any())
    assert (away - radius[:, None])[sphere].abs().max() < 2e-3


def test_normals_are_unit_and_face_the_camera(hit):
    length = sum(n * n for n in hit.normal).sqrt()
    torch.testing.assert_close(length, torch.ones_like(length), rtol=0, atol=1e-4)
    assert sum(n * d for n, d in zip(hit.normal, hit.ray, strict=True)).max() < 1e-2


def test_normals_agree_with_finite_differences_of_the_points(hit):
    points = torch.stack(hit.point, 1).view(COUNT, 3, SIZE, SIZE)
    normals = torch.stack(hit.normal, 1).view(COUNT, 3, SIZE, SIZE)
    piece, wall = hit.piece.view(COUNT, SIZE, SIZE), hit.wall.view(COUNT, SIZE, SIZE)
    right, down = (points[:, :, :-1, 1:] - points[:, :, :-1, :-1], points[:, :, 1:, :-1] - points[:, :, :-1, :-1])
    numeric = torch.nn.functional.normalize(torch.linalg.cross(down, right, dim=1), dim=1)
    here, flat = piece[:, :-1, :-1], piece < FIRST_OBJECT
    same = flat[:, :-1, :-1]
    for other in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
        same = same & (piece[:, *other] == here) & (wall[:, *other] == wall[:, :-1, :-1])
    agreement = (numeric * normals[:, :, :-1, :-1]).sum(1)[same]
    assert len(agreement) > 10_000
    assert agreement.min() > 0.999


@pytest.mark.parametrize("shape", ["sphere", "box", "cylinder", "cone"])
def test_crossings_agree_with_walking_along_the_ray(shape):
    """A slow reference: which of many points along random rays are inside the body, by its inequalities."""
    scenes, slot = sample_scenes(64, 11), SLOTS.index(shape)
    scenes.present[:], scenes.centre[:, slot, 2] = True, scenes.half[:, slot, 2]
    generator = torch.Generator().manual_seed(0)
    origin = torch.rand(64, 3, generator=generator) * scenes.room
    target = scenes.centre[:, slot] + 0.8 * scenes.half[:, slot] * (torch.rand(64, 3, generator=generator) * 2 - 1)
    ray = target - origin
    found = {number: (a[:, 0], b[:, 0]) for number, a, b in crossings(scenes, _columns(origin), _columns(ray))}[slot]
    t = torch.linspace(0, 3, 6001)
    local = origin[:, None] + t[:, None] * ray[:, None] - scenes.centre[:, slot, None]
    inside = _inside(shape, local, scenes.half[:, slot], scenes.yaw[:, slot])
    expected = inside & (t > found[0][:, None] - 2e-3) & (t < found[1][:, None] + 2e-3)
    assert torch.equal(expected, inside)
    span = (found[1].clamp(0, 3) - found[0].clamp(0, 3)).clamp(min=0)
    torch.testing.assert_close(inside.float().mean(1) * 3, span, rtol=0, atol=3e-3)


def _columns(points):
    return vector(*(points[:, k, None] for k in range(3)))


def _inside(shape, local, half, yaw):
    x, y, z = local.unbind(-1)
    radius, height = half[:, :1], half[:, 2:]
    if shape == "sphere":
        return x * x + y * y + z * z < radius**2
    if shape == "box":
        cos, sin = yaw.cos()[:, None], yaw.sin()[:, None]
        turned = torch.stack([cos * x + sin * y, cos * y - sin * x, z], -1)
        return (turned.abs() < half[:, None]).all(-1)
    allowed = radius if shape == "cylinder" else radius * (height - z) / (2 * height)
    return (x * x + y * y < allowed**2) & (z.abs() < height)


def test_a_ray_along_a_wall_leaves_through_another():
    scenes = sample_scenes(1, 0)
    scenes.axes[0] = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
    zero = torch.zeros(1, 1)
    straight = cast(scenes, zero, zero)
    assert straight.depth.item() > 0


def test_objects_stand_apart_inside_the_room_and_away_from_the_camera():
    scenes = sample_scenes(200, 5)
    here = scenes.present
    reach = scenes.half[..., 0]
    foot = scenes.centre[..., 2] - scenes.half[..., 2]
    assert (foot[here] > -1e-5).all()
    assert (scenes.centre[..., :2] > -1e-4).all(-1)[here].all()
    assert (scenes.centre[..., :2] < scenes.room[:, None, :2]).all(-1)[here].all()
    away = (scenes.centre[..., :2] - scenes.eye[:, None, :2]).norm(dim=-1)
    assert (away - reach)[here].min() > 0.1
    both = here[:, 0] & here[:, 2]
    apart = (scenes.centre[:, 0, :2] - scenes.centre[:, 2, :2]).norm(dim=-1)
    assert bool(both.any())
    assert (apart > reach[:, 0] + reach[:, 2] - 1e-4)[both].all()


def test_a_hero_is_near_the_middle_of_its_picture():
    scenes = sample_scenes(100, 8)
    rows = (scenes.hero >= 0).nonzero()[:, 0]
    assert 25 < len(rows) < 65
    toward = scenes.centre[rows, scenes.hero[rows]] - scenes.eye[rows]
    seen = torch.einsum("bij,bj->bi", scenes.axes[rows], toward)
    spot = seen[:, :2] / seen[:, 2:] * scenes.focal[rows, None]
    assert spot.abs().median() < 0.15
    assert (spot.abs() < 0.6).float().mean() > 0.97


def test_style_does_not_tell_the_size_of_the_room():
    scenes = sample_scenes(2000, 9)
    means = torch.stack([scenes.room[scenes.style == k].mean(0) for k in range(len(STYLES))])
    assert (means.std(0) < 0.15).all()


def test_hue_follows_shape():
    scenes = sample_scenes(50, 2)
    red, _, blue = scenes.finish[:, :3, FIRST_OBJECT:].unbind(1)
    assert (red[:, 0] > blue[:, 0]).all()  # spheres are red, cones blue
    assert (red[:, 8] < blue[:, 8]).all()


def test_surfaces_cover_the_picture_with_every_kind(labels):
    maps = rooms.surfaces(COUNT, SEED, SIZE)
    assert maps.dtype == np.uint8
    assert set(np.unique(maps)) == set(range(len(SURFACES)))
    np.testing.assert_array_equal(maps, labels["segment_semantic"])


def test_there_are_deparas_twenty_tasks():
    names = [
        "autoencoding",
        "denoising",
        "colorization",
        "inpainting",
        "edge_texture",
        "edge_occlusion",
        "keypoints2d",
        "keypoints3d",
        "segment_unsup2d",
        "segment_unsup25d",
        "segment_semantic",
        "curvature",
        "depth_zbuffer",
        "depth_euclidean",
        "normal",
        "reshading",
        "room_layout",
        "vanishing_point",
        "class_object",
        "class_scene",
    ]
    assert set(TASKS) == set(names)
    assert len(TASKS) == 20
    assert {task.group for task in TASKS.values()} == set(rooms.GROUPS)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_labels_have_their_shape_and_vary(task, labels):
    value = labels[task.name]
    pixels = (SIZE, SIZE) if task.kind == "pixel" else ()
    if task.is_class:
        assert value.shape == (COUNT, *pixels)
        assert value.dtype == np.int64
        assert value.max() < task.channels == len(task.classes)
        assert value.min() >= (NO_CLASS if task.name == "class_object" else 0)
    else:
        assert value.shape == (COUNT, task.channels, *pixels)
        assert value.dtype == np.float32
        assert np.isfinite(value).all()
    assert value.std() > 1e-3
    assert task.summary.endswith(".")


def test_depth_along_the_ray_is_never_less_than_along_the_axis(labels):
    assert (labels["depth_euclidean"] >= labels["depth_zbuffer"] - 1e-6).all()
    middle = slice(SIZE // 2 - 1, SIZE // 2 + 1)
    centre = [np.expm1(labels[name][:, 0, middle, middle]) for name in ("depth_euclidean", "depth_zbuffer")]
    np.testing.assert_allclose(*centre, rtol=1e-3)


def test_reshading_is_the_cosine_with_the_line_of_sight(labels, scenes):
    x, y = (axis[0] / scenes.focal[:, None] for axis in pixel_grid(SIZE))
    sight = torch.stack([-x, -y, torch.ones_like(x)], 1)
    sight = (sight / sight.norm(dim=1, keepdim=True)).view(COUNT, 3, SIZE, SIZE).numpy()
    expected = (labels["normal"] * sight).sum(1, keepdims=True).clip(0, 1)
    np.testing.assert_allclose(labels["reshading"], expected, atol=1e-5)


def test_vanishing_directions_are_orthonormal(labels):
    axes = labels["vanishing_point"].reshape(COUNT, 3, 3)
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), np.eye(3)[None].repeat(COUNT, 0), atol=1e-5)


def test_layout_adds_up_to_the_room(labels, scenes):
    left, right, _, floor, ceiling = np.exp(labels["room_layout"]).T
    np.testing.assert_allclose(left + right, scenes.room[:, 0], rtol=1e-5)
    np.testing.assert_allclose(floor + ceiling, scenes.room[:, 2], rtol=1e-5)


def test_curvature_is_the_inverse_radius_of_a_sphere(labels, hit, scenes):
    piece = hit.piece.view(COUNT, SIZE, SIZE).numpy()
    where = piece == FIRST_OBJECT
    radius = scenes.half[:, 0, 0].numpy()[:, None, None] * np.ones_like(piece)
    assert where.any()
    for channel in range(2):
        np.testing.assert_allclose(np.expm1(labels["curvature"][:, channel][where]), 1 / radius[where], rtol=1e-4)
    assert (labels["curvature"][:, 0][piece < FIRST_OBJECT] == 0).all()


def test_occlusion_edges_lie_where_objects_end_and_not_on_plain_walls(labels, hit):
    edges, piece = labels["edge_occlusion"][:, 0], hit.piece.view(COUNT, SIZE, SIZE)
    inner = torch.ones_like(piece, dtype=torch.bool)
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            inner &= torch.roll(piece, (dy, dx), (1, 2)) == piece
    assert edges.max() > 0.5
    assert np.abs(edges[inner.numpy()]).max() < 1e-6


def test_object_class_is_shape_and_pattern_of_the_hero(labels, scenes):
    for row, value in enumerate(labels["class_object"]):
        if scenes.hero[row] < 0:
            assert value == NO_CLASS
        else:
            pattern, shape = TASKS["class_object"].classes[value].split()
            assert SLOTS[scenes.hero[row]] == shape
            assert ("plain", "stripes", "checks", "spots")[scenes.pattern[row, scenes.hero[row]]] == pattern
    assert {SLOTS[slot] for slot in HERO_SLOTS} == set(SLOTS)


def test_chroma_of_grey_is_zero_and_luminance_of_white_one():
    grey = torch.full((1, 3, 4, 4), 0.3)
    torch.testing.assert_close(labels2d.chroma(grey), torch.zeros(1, 2, 4, 4), rtol=0, atol=1e-6)
    torch.testing.assert_close(labels2d.luminance(torch.ones(1, 3, 2, 2)), torch.ones(1, 1, 2, 2))


def test_corners_are_found_at_the_corners_of_a_square():
    image = torch.zeros(1, 1, 32, 32)
    image[..., 8:24, 8:24] = 1
    response = labels2d.corner_response(image)[0, 0]
    corner, side, flat = response[7:10, 7:10].max(), response[7:10, 16].max(), response[16, 16]
    assert corner > 5 * side
    assert flat == 0


def test_region_offsets_point_to_the_middle_and_stop_at_borders():
    across, down = torch.ones(1, 1, 16, 15), torch.ones(1, 1, 15, 16)
    across[..., 7] = 0  # a wall between columns 7 and 8
    offsets = labels2d.region_offsets((across, down))[0]
    assert (offsets[0, :, 0] > 0.1).all()  # to the right, away from the border
    assert (offsets[0, :, 7] < -0.1).all()
    assert (offsets[0, :, 8] > 0.1).all()
    torch.testing.assert_close(offsets[0, :, :8].mean(), torch.tensor(0.0), rtol=0, atol=1e-5)


def test_noise_and_holes_are_what_they_say():
    images = torch.rand(8, 3, 64, 64)
    generator = torch.Generator().manual_seed(0)
    noisy, weight = rooms.corrupt("denoising", images, generator)
    assert weight is None
    assert 0.05 < (noisy - images).std() < 0.25
    holed, weight = rooms.corrupt("inpainting", images, generator)
    hole = (weight == 1).expand_as(images)
    assert (holed[hole] == 0.5).all()
    assert torch.equal(holed[~hole], images[~hole])
    share = hole.float().mean((1, 2, 3))
    assert ((share > 0.05) & (share < 0.22)).all()
    assert rooms.corrupt("normal", images, generator)[0] is images


@pytest.mark.parametrize(
    "call",
    [
        lambda: rooms.render(0, 0),
        lambda: rooms.render(1, 0, size=4),
        lambda: rooms.render(1, -1),
        lambda: sample_scenes(0, 0),
        lambda: rooms.labels(1, 0, tasks=["depth"]),
        lambda: list(rooms.scene_chunks(1, 0, 64, start=1)),
    ],
)
def test_wrong_options_are_told(call):
    with pytest.raises(OptionError, match="Expected"):
        call()
