"""Where objects stand: in view, inside the room, and not inside one another."""

import torch
from torch import Tensor

from depara_core.rooms.rng import SceneRng

RIDERS = ((1, 2), (8, 5))  # (small object's slot, slot of what it stands on): a ball on a box, a cone on a cylinder
PUSHES = 12
CAMERA_CLEARANCE = 0.75  # metres


def place_objects(
    rng: SceneRng, room: Tensor, view: dict[str, Tensor], hero: Tensor, present: Tensor, half: Tensor
) -> tuple[Tensor, Tensor]:
    """Return centres (N, K, 3) and which objects remain (N, K); shrinks riders in `half` to fit what carries them."""
    slots = half.shape[1]
    reach = half[..., :2].norm(dim=-1)
    reach = torch.where(half[..., 0] == half[..., 1], half[..., 0], reach)
    distance = rng.uniform(1.5, (room[:, 1] - view["eye"][:, 1]).clamp(min=1.8)[:, None], slots)
    angle = view["yaw"][:, None] + rng.uniform(-0.62, 0.62, slots)
    is_hero = torch.arange(slots) == hero[:, None]
    distance = torch.where(is_hero, 0.75 + 2.1 * half.amax(-1) * rng.uniform(0.9, 1.35, slots), distance)
    angle = torch.where(is_hero, view["yaw"][:, None] + rng.uniform(-0.09, 0.09, slots), angle)
    spot = view["eye"][:, None, :2] + distance[..., None] * torch.stack([angle.sin(), angle.cos()], dim=-1)
    spot = _push_apart(spot, reach, present, is_hero, room, view["eye"])
    height = torch.zeros_like(reach)
    riding = rng.uniform(0.0, 1.0, len(RIDERS)) < 0.6
    present = _drop_overlaps(spot, reach, present, is_hero)
    for column, (rider, base) in enumerate(RIDERS):
        on = riding[:, column] & present[:, base] & (hero != rider)
        present[:, rider] |= on & (hero < 0)
        on &= present[:, rider]
        fit = (0.85 * half[:, base, :2].amin(-1) / half[:, rider, 0]).clamp(max=1.0)
        half[:, rider] *= torch.where(on, fit, torch.ones_like(fit))[:, None]
        spot[:, rider] = torch.where(on[:, None], spot[:, base], spot[:, rider])
        height[:, rider] = torch.where(on, 2 * half[:, base, 2], height[:, rider])
    return torch.cat([spot, (height + half[..., 2])[..., None]], dim=-1), present


def _push_apart(spot: Tensor, reach: Tensor, present: Tensor, fixed: Tensor, room: Tensor, eye: Tensor) -> Tensor:
    """Return floor positions (N, K, 2) after rounds of pushing discs off one another, the camera and the walls."""
    both = present[:, :, None] & present[:, None, :] & ~torch.eye(spot.shape[1], dtype=torch.bool)
    low, high = reach[..., None] + 0.04, room[:, None, :2] - reach[..., None] - 0.04
    for _ in range(PUSHES):
        gap = spot[:, :, None] - spot[:, None]
        apart = gap.norm(dim=-1).clamp(min=1e-3)
        push = ((reach[:, :, None] + reach[:, None] + 0.05 - apart).clamp(min=0) / apart) * both
        share = torch.where(fixed[:, :, None], 0.0, torch.where(fixed[:, None], 1.0, 0.5))
        spot = spot + (gap * (push * share)[..., None]).sum(2)
        away = spot - eye[:, None, :2]
        near = away.norm(dim=-1, keepdim=True).clamp(min=1e-3)
        clear = (reach[..., None] + CAMERA_CLEARANCE - near).clamp(min=0) * (~fixed)[..., None]
        spot = (spot + away / near * clear).maximum(low).minimum(high)
    return spot


def _drop_overlaps(spot: Tensor, reach: Tensor, present: Tensor, fixed: Tensor) -> Tensor:
    """Return `present` without objects that still stand in an earlier one (or in the fixed one)."""
    apart = (spot[:, :, None] - spot[:, None]).norm(dim=-1)
    clash = apart < reach[:, :, None] + reach[:, None]
    kept = present.clone()
    order = torch.arange(spot.shape[1])
    for slot in range(spot.shape[1]):
        rivals = fixed | (order < slot)[None]
        rivals = rivals & (order != slot)[None]
        kept[:, slot] &= fixed[:, slot] | ~(clash[:, slot] & kept & rivals).any(1)
    return kept
