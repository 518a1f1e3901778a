"""The exact label of every task for rendered scenes, all from one cast of rays."""

from collections.abc import Iterable

import torch
from torch import Tensor

from depara_core.rooms import labels2d, labels3d
from depara_core.rooms.casting import cast, pixel_grid
from depara_core.rooms.domains import hero_shape
from depara_core.rooms.scenes import Scenes
from depara_core.rooms.styles import OBJECT_PATTERNS
from depara_core.rooms.tasks import IMAGE_TARGETS, NO_CLASS, check_tasks


@torch.inference_mode()
def label_scenes(scenes: Scenes, images: Tensor, names: Iterable[str] | None = None) -> dict[str, Tensor]:
    """Return the labels of each task for scenes (B) and their pictures uint8 (B, S, S, 3), all from one cast."""
    chosen, size = check_tasks(names), images.shape[1]
    picture = images.permute(0, 3, 1, 2).float() / 255
    hit = cast(scenes, *pixel_grid(size))
    geometry = labels3d.normal(scenes, hit, size)
    makers = {
        "colorization": lambda: labels2d.chroma(picture),
        "edge_texture": lambda: labels2d.edge_strength(labels2d.luminance(picture)),
        "keypoints2d": lambda: labels2d.corner_response(labels2d.luminance(picture)),
        "segment_unsup2d": lambda: labels2d.region_offsets(labels2d.colour_likeness(picture)),
        "edge_occlusion": lambda: labels3d.edge_occlusion(hit, size),
        "keypoints3d": lambda: labels2d.corner_response(geometry),
        "segment_unsup25d": lambda: labels2d.region_offsets(labels3d.surface_likeness(hit, size)),
        "curvature": lambda: labels3d.curvature(scenes, hit, size),
        "depth_zbuffer": lambda: labels3d.depth_zbuffer(hit, size),
        "depth_euclidean": lambda: labels3d.depth_euclidean(hit, size),
        "normal": lambda: geometry,
        "reshading": lambda: labels3d.reshading(hit, size),
        "room_layout": lambda: labels3d.room_layout(scenes),
        "vanishing_point": lambda: labels3d.vanishing_point(scenes),
        "segment_semantic": lambda: hit.surface.view(-1, size, size),
        "class_object": lambda: object_class(scenes),
        "class_scene": lambda: scenes.style,
    }
    return {name: picture if name in IMAGE_TARGETS else makers[name]() for name in chosen}


def object_class(scenes: Scenes) -> Tensor:
    """Return the class (B,) of the object looked at, shape x pattern; NO_CLASS in views of the whole room."""
    pattern = scenes.pattern.gather(1, scenes.hero.clamp(min=0)[:, None])[:, 0]
    return torch.where(scenes.hero >= 0, hero_shape(scenes) * len(OBJECT_PATTERNS) + pattern, NO_CLASS)
