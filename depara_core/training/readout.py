"""Read-outs in closed form: what ridge regression makes of a frozen code with few labels.

Symbols: N scenes, a code of C channels on G x G cells, M = N G^2 cells, F features a cell, O outputs.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

PENALTIES = tuple(10.0**power for power in range(-6, 3))  # of ridge, in units of the mean eigenvalue
VALIDATION = 0.2  # share of the scenes that choose the penalty; the fit is then repeated on all of them
RANDOM_RELUS = 200
RELU_SEED = 0


def training_share(count: int) -> int:
    """Return how many of `count` scenes are fitted while the others choose the penalty."""
    return count - max(1, round(VALIDATION * count))


def to_cells(labels: Float[Tensor, "N C S S"], grid: int) -> Float[Tensor, "M O"]:
    """Cut pixel labels into the grid's cells, row by row: O = C (S / G)^2."""
    count, channels, size, _ = labels.shape
    side = size // grid
    blocks = labels.reshape(count, channels, grid, side, grid, side).permute(0, 2, 4, 1, 3, 5)
    return blocks.reshape(count * grid * grid, channels * side * side)


def from_cells(rows: Float[Tensor, "M O"], grid: int, channels: int) -> Float[Tensor, "N C S S"]:
    """Put cells together again: the inverse of `to_cells`."""
    side = round((rows.shape[1] // channels) ** 0.5)
    blocks = rows.reshape(-1, grid, grid, channels, side, side).permute(0, 3, 1, 4, 2, 5)
    return blocks.reshape(-1, channels, grid * side, grid * side)


class CellFeatures:
    """A cell's features: its 3 x 3 neighbours in the code, its place, random ReLUs of both, and 1; F = 9 C + 206."""

    def __init__(self, code: Float[Tensor, "N C G G"]) -> None:
        """Standardise by these codes; the random directions depend on C alone."""
        inputs = 9 * code.shape[1] + 5
        generator = torch.Generator().manual_seed(RELU_SEED)
        self.directions = torch.randn(inputs, RANDOM_RELUS, generator=generator) / inputs**0.5
        self.offsets = torch.randn(RANDOM_RELUS, generator=generator) / 2
        self.mean = code.mean((0, 2, 3), keepdim=True)
        self.std = code.std((0, 2, 3), keepdim=True).clamp(min=1e-6)

    def __call__(self, code: Float[Tensor, "N C G G"]) -> Float[Tensor, "M F"]:
        """Return a row a cell, scene by scene."""
        count, channels, grid, _ = code.shape
        framed = pad((code - self.mean) / self.std, (1, 1, 1, 1))
        shifts = framed.unfold(2, grid, 1).unfold(3, grid, 1)  # (N, C, 3, 3, G, G)
        around = shifts.permute(0, 4, 5, 1, 2, 3).reshape(count * grid * grid, 9 * channels)
        y, x = (axis.reshape(-1, 1) for axis in torch.meshgrid(*[torch.linspace(-1, 1, grid)] * 2, indexing="ij"))
        place = torch.cat([x, y, x * y, x * x - 0.5, y * y - 0.5], dim=1).repeat(count, 1)
        linear = torch.cat([around, place], dim=1)
        return torch.cat([linear, (linear @ self.directions + self.offsets).relu(), torch.ones(len(linear), 1)], dim=1)


class Ridge:
    """Ridge regression of any number of targets on the same rows: min ||X W - Y||^2 + penalty ||W||^2.

    The rows from `cut` on choose the penalty of each target; the fit is then repeated on all rows.
    """

    def __init__(self, x: Float[Tensor, "M F"], cut: int) -> None:
        self.x, self.cut = x, cut
        self.validation = _gram(x[cut:])
        fit = _gram(x[:cut])
        self.fit, self.all = torch.linalg.eigh(fit), torch.linalg.eigh(fit + self.validation)

    def solve(self, y: Float[Tensor, "M O"]) -> Float[Tensor, "F O"]:
        """Return W."""
        fit, validation = ((x.T @ rows).double() for x, rows in self._parts(y))
        errors = [
            float((w * (self.validation @ w)).sum() - 2 * (w * validation).sum())  # ||X W - Y||^2 - ||Y||^2
            for w in _solutions(self.fit, fit, PENALTIES)
        ]
        best = PENALTIES[errors.index(min(errors))]
        return next(iter(_solutions(self.all, fit + validation, [best]))).float()

    def _parts(self, y: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        return (self.x[: self.cut], y[: self.cut]), (self.x[self.cut :], y[self.cut :])


class KernelRidge:
    """Ridge regression with a Gaussian kernel, as wide as the median distance of the rows, on standardised rows."""

    def __init__(self, x: Float[Tensor, "N D"], cut: int) -> None:
        """Take the rows of the scenes, of which those from `cut` on choose the penalty."""
        self.mean, self.std, self.cut = x.mean(0), x.std(0).clamp(min=1e-6), cut
        self.rows = ((x - self.mean) / self.std).double()
        squares = torch.cdist(self.rows, self.rows).square()
        apart = squares[squares > 0]
        self.width = apart.median() if len(apart) else torch.tensor(1.0)
        kernel = torch.exp(-squares / self.width)
        self.across = kernel[cut:, :cut]
        self.fit, self.all = torch.linalg.eigh(kernel[:cut, :cut]), torch.linalg.eigh(kernel)

    def solve(self, y: Float[Tensor, "N O"]) -> tuple[Tensor, Tensor]:
        """Return the rows' weights and the offset that `predict` takes."""
        y = y.double()
        offset = y[: self.cut].mean(0)
        errors = [
            float((self.across @ weights + offset - y[self.cut :]).square().sum())
            for weights in _solutions(self.fit, y[: self.cut] - offset, PENALTIES)
        ]
        best = PENALTIES[errors.index(min(errors))]
        return next(iter(_solutions(self.all, y - y.mean(0), [best]))), y.mean(0)

    def predict(self, x: Float[Tensor, "m D"], solution: tuple[Tensor, Tensor]) -> Float[Tensor, "m O"]:
        """Return the predictions for new rows."""
        weights, offset = solution
        squares = torch.cdist(((x - self.mean) / self.std).double(), self.rows).square()
        return (torch.exp(-squares / self.width) @ weights + offset).float()


def _gram(x: Tensor) -> Tensor:
    return (x.T @ x).double()


def _solutions(eigen: tuple[Tensor, Tensor], right: Tensor, penalties: Sequence[float]) -> list[Tensor]:
    """Solve (A + penalty * mean eigenvalue * I) W = right for each penalty, A given by its eigenvalues and vectors."""
    values, vectors = eigen
    values, rotated = values.clamp(min=0), vectors.T @ right
    return [vectors @ (rotated / (values + penalty * values.mean())[:, None]) for penalty in penalties]
