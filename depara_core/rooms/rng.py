"""Random numbers, one stream a scene: what a scene draws does not depend on how many are drawn with it."""

import numpy as np
import torch
from torch import Tensor

DRAWS = 192  # random numbers a scene has


class SceneRng:
    """Random numbers of many scenes, handed out column by column: row i is the stream of scene i alone."""

    def __init__(self, start: int, stop: int, seed: int) -> None:
        rows = [np.random.default_rng([seed, i]).random(DRAWS, dtype=np.float32) for i in range(start, stop)]
        self.rows = torch.from_numpy(np.stack(rows))
        self.used = 0

    def uniform(self, low: float | Tensor, high: float | Tensor, columns: int | None = None) -> Tensor:
        """Return (N,) or (N, columns) numbers in [low, high)."""
        width = columns or 1
        drawn = self.rows[:, self.used : self.used + width]
        assert drawn.shape[1] == width, "DRAWS is too small for what a scene draws"
        self.used += width
        return low + (high - low) * (drawn if columns else drawn[:, 0])

    def below(self, bound: int, columns: int | None = None) -> Tensor:
        """Return whole numbers from 0 to bound - 1."""
        return (self.uniform(0.0, 1.0, columns) * bound).long().clamp_(max=bound - 1)
