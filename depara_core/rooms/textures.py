"""Albedo of what a ray meets: patterns filtered to the pixel's footprint, so that distant ones do not alias."""

import torch
from torch import Tensor

from depara_core.rooms.casting import FIRST_OBJECT, SLOT_SURFACE, Hit
from depara_core.rooms.scenes import Scenes

SKY, FRAME, DOOR = (0.75, 0.88, 1.0), (0.80, 0.79, 0.76), (0.34, 0.20, 0.11)  # linear RGB
Colour = list[Tensor]  # red, green, blue, each (B, P)


def albedo(scenes: Scenes, hit: Hit, pixel: float) -> tuple[Colour, Tensor]:
    """Return the linear albedo and the glow (B, P; 1 in the panes of a window); `pixel` is 2 / image width."""
    u, v = _surface_coordinates(hit)
    facing = (hit.normal[0] * hit.ray[0] + hit.normal[1] * hit.ray[1] + hit.normal[2] * hit.ray[2]).abs()
    footprint = hit.distance * pixel / scenes.focal[:, None] / (facing / hit.stretch).clamp(min=0.08)
    table = scenes.finish.gather(2, hit.piece[:, None].expand(-1, scenes.finish.shape[1], -1))
    colour = _pattern(table, u, v, footprint)
    return _panels(scenes, hit, u, v, footprint, colour)


def _surface_coordinates(hit: Hit) -> tuple[Tensor, Tensor]:
    """Return (u, v) in metres on the surface: along walls and up, across the floor, round an object and up."""
    x, y, z = hit.local
    flat = hit.normal[2].abs() > 0.999
    on_object = hit.piece >= FIRST_OBJECT
    boxy = SLOT_SURFACE[(hit.piece - FIRST_OBJECT).clamp(min=0)] == FIRST_OBJECT + 1
    radius = (x * x + y * y + 1e-9).sqrt()
    # Round sides unroll by angle; the factor keeps whole periods round the rim for any size.
    around = torch.atan2(y, x) * 0.35
    along = torch.where(boxy, x + y, around)
    u = torch.where(on_object, torch.where(flat, torch.where(boxy, x, around), along), 0.0)
    v = torch.where(on_object, torch.where(flat, torch.where(boxy, y, radius), z), 0.0)
    side = hit.wall >= 2
    room_u = torch.where(flat | side, hit.point[0], hit.point[1])
    room_v = torch.where(flat, hit.point[1], hit.point[2])
    return torch.where(on_object, u, room_u), torch.where(on_object, v, room_v)


def pulse(x: Tensor, duty: Tensor, width: Tensor) -> Tensor:
    """Return a unit square wave of period 1, high for `duty` of it, box-filtered over `width` periods."""
    wave = (((duty * 0.5 - (x - x.floor() - 0.5).abs()) / width) + 0.5).clamp(0, 1)
    return torch.lerp(wave, duty, (width * 2.0 - 0.6).clamp(0, 1))


def _hash(x: Tensor, y: Tensor) -> Tensor:
    """Return a number in [0, 1) fixed by two whole numbers."""
    mixed = (x * 12.9898 + y * 78.233).sin() * 437.58545
    return mixed - mixed.floor()


def _pattern(table: Tensor, u: Tensor, v: Tensor, footprint: Tensor) -> Colour:
    """Return linear RGB of the finish in `table` (B, 18, P; see materials) at (u, v)."""
    main, second = table[:, :3].unbind(1), table[:, 3:6].unbind(1)
    frequency, rows, duty_u, duty_v, shift_row, shift_column = table[:, 6:12].unbind(1)
    wa, wb, wab, offset, tint, spots = table[:, 12:].unbind(1)
    x, y = u * frequency, v * frequency * rows
    x = x + shift_row * (y.floor() * 0.5).frac()
    y = y + shift_column * _hash(x.floor(), shift_column)
    width = (footprint * frequency).clamp(min=0.02)
    a, b = pulse(x, duty_u, width), pulse(y, duty_v, (width * rows).clamp(min=0.004))
    fx, fy = x - x.floor() - 0.5, y - y.floor() - 0.5
    disc = ((0.30 - (fx * fx + fy * fy).sqrt()) / width + 0.5).clamp(0, 1)
    mix = wa * a + wb * b + wab * a * b + offset + spots * disc
    grain = 1 + 0.035 * (5.1 * u + 2.0 * (3.3 * v).sin()).sin() * (4.3 * v + 1.7 * (2.9 * u).sin()).sin()
    shade = (1 + tint * (_hash(x.floor(), y.floor()) - 0.5)) * grain
    return [(one + (two - one) * mix) * shade for one, two in zip(main, second, strict=True)]


def _panels(scenes: Scenes, hit: Hit, u: Tensor, v: Tensor, footprint: Tensor, colour: Colour) -> tuple[Colour, Tensor]:
    """Lay window, picture, door and skirting board over the walls; return the colour and the glow of the panes."""
    soft = footprint.clamp(min=0.004)
    skirting = torch.where(hit.wall >= 0, ((0.10 - v) / soft + 0.5).clamp(0, 1), 0.0)
    colour = [torch.lerp(c, torch.full_like(c, f), skirting) for c, f in zip(colour, FRAME, strict=True)]
    glow = torch.zeros_like(u)
    for number in range(3):
        wall, centre_u, centre_v, half_u, half_v = (scenes.panels[:, number, k, None] for k in range(5))
        on_wall = (hit.wall == wall) & (hit.wall >= 0)
        if not bool(on_wall.any()):  # often none is in sight, and this is a good part of the work
            continue
        du, dv = (u - centre_u).abs(), (v - centre_v).abs()
        edge = torch.minimum(half_u - du, half_v - dv)  # metres inside the panel
        here = (edge / soft + 0.5).clamp(0, 1) * on_wall
        inner = ((edge - 0.05) / soft + 0.5).clamp(0, 1)
        if number == 0:  # panes between a frame and a cross
            inner = inner * ((torch.minimum(du, dv) - 0.02) / soft + 0.5).clamp(0, 1)
            glow = here * inner
            inside = [torch.full_like(u, s) for s in SKY]
        elif number == 1:
            stripe = ((v - centre_v) / half_v + 0.6 * ((u - centre_u) / half_u * 2.2).sin()).clamp(-1, 1)
            inside = [(c[:, None] * (0.75 + 0.45 * stripe)).clamp(0, 1) for c in scenes.picture.unbind(1)]
        else:
            knob = ((0.045 - ((u - centre_u - 0.75 * half_u) ** 2 + (v - 1.0) ** 2).sqrt()) / soft + 0.5).clamp(0, 1)
            inside = [torch.lerp(torch.full_like(u, d), torch.full_like(u, 0.7), knob) for d in DOOR]
        for k in range(3):
            panel = FRAME[k] + (inside[k] - FRAME[k]) * inner
            colour[k] = torch.lerp(colour[k], panel, here)
    return colour, glow
