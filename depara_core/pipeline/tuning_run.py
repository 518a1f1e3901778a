"""One network in fine-tuning: its epochs, its best weights so far, and all that it takes to go on after a break."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from depara_core.artefacts import Artefact
from depara_core.attribution.hooks import captured
from depara_core.errors import ModelError
from depara_core.heads import Folds
from depara_core.pipeline.pooling import pooled_cells
from depara_core.probes import ProbeSet, model_input
from depara_core.zoo.copies import snapshot
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network

BATCH = 32
RATE, HEAD_RATE, DECAY = 3e-4, 3e-3, 0.01
Arrays = dict[str, np.ndarray]


class TuningRun:
    """One network in training: its weights, the best ones so far, and how long it has waited for better ones."""

    def __init__(
        self, spec: ModelSpec, network: Network, probes: ProbeSet, folds: Folds, seed: int, place: torch.device
    ) -> None:
        self.spec, self.probes, self.folds, self.seed, self.place = spec, probes, folds, seed, place
        body = snapshot(network.module, spec.id).requires_grad_(True).to(place)
        self.network = replace(network, module=body)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            width = self._features(next(self._batches(0, None)), training=False).shape[1]
            head = nn.Linear(width, int(folds.classes.max()) + 1).to(place)
        self.module = nn.ModuleDict({"body": body, "head": head})
        groups = [{"params": body.parameters(), "lr": RATE}, {"params": head.parameters(), "lr": HEAD_RATE}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
        self.epoch = self.waited = self.best_epoch = 0
        self.least = float("inf")
        self.best = self._weights()

    def train(self, report: Callable[[int], None]) -> None:
        """Train one epoch, then see whether it was the best."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * self.seed + self.epoch)  # of dropout: an epoch is the same after a break
            for rows in self._batches(2, torch.Generator().manual_seed(1000 * self.seed + self.epoch)):
                report(self.epoch)
                self.optimizer.zero_grad()
                self._loss(rows, training=True).backward()
                self.optimizer.step()
        with torch.no_grad():
            losses = [(float(self._loss(rows, training=False)), len(rows)) for rows in self._batches(1, None)]
        loss = sum(value * count for value, count in losses) / sum(count for _, count in losses)
        if not np.isfinite(loss):
            raise ModelError(
                f"{self.spec.id} cannot be fine-tuned: its loss is not finite after {self.epoch + 1} epochs."
            )
        self.epoch, self.waited = self.epoch + 1, self.waited + 1
        if loss < self.least:
            self.least, self.waited, self.best_epoch, self.best = loss, 0, self.epoch, self._weights()

    @torch.no_grad()
    def test(self) -> Bool[np.ndarray, " n"]:
        """Return which images of the last fold the best weights get right."""
        self._fill(self.best)
        return np.concatenate(
            [
                (self._logits(rows, training=False).argmax(1).cpu().numpy() == self.folds.classes[rows])
                for rows in self._batches(0, None)
            ]
        )

    def arrays(self) -> Arrays:
        """Return all tensors of the run, for the store."""
        state: Mapping[int, Mapping[str, Tensor]] = self.optimizer.state_dict()["state"]
        steps = {f"step/{i}/{name}": value for i, one in state.items() for name, value in one.items()}
        held = {f"now/{name}": value for name, value in self._weights().items()}
        held |= {f"best/{name}": value for name, value in self.best.items()} | steps
        return {name: np.atleast_1d(value.detach().cpu().numpy()) for name, value in held.items()}

    def about(self) -> dict[str, Any]:
        """Return the numbers of the run, for the store."""
        names = ("epoch", "waited", "best_epoch", "least")
        return {"model": self.spec.id} | {name: getattr(self, name) for name in names}

    def resume(self, kept: Artefact | None) -> None:
        """Go on where an earlier run was broken off."""
        if kept is None or "epoch" not in kept.metadata:
            return
        held = {name: torch.from_numpy(np.array(value)) for name, value in kept.arrays.items()}
        like = self._weights()
        now, self.best = (
            {name: held[f"{part}/{name}"].reshape(value.shape) for name, value in like.items()}
            for part in ("now", "best")
        )
        self._fill(now)
        parameters = [one for group in self.optimizer.param_groups for one in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in held.items():
            if name.startswith("step/"):
                _, number, what = name.split("/")
                shape = () if what == "step" else parameters[int(number)].shape
                state.setdefault(int(number), {})[what] = value.reshape(shape)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        for name in ("epoch", "waited", "best_epoch", "least"):
            setattr(self, name, kept.metadata[name])

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.module.state_dict().items()}

    def _fill(self, weights: Mapping[str, Tensor]) -> None:
        self.module.load_state_dict(dict(weights))

    def _batches(self, part: int, generator: torch.Generator | None) -> Iterator[np.ndarray]:
        """Yield the images of a part in batches: 0 tests, 1 stops, 2 trains; in an order drawn by a generator."""
        own = np.flatnonzero(self.folds.fold >= 2 if part == 2 else self.folds.fold == part)
        order = own if generator is None else own[torch.randperm(len(own), generator=generator).numpy()]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            if part < 2 or len(rows) > 1 or start == 0:  # batch norm learns nothing from one image
                yield rows

    def _features(self, rows: np.ndarray, *, training: bool) -> Tensor:
        self.network.module.train(training)
        chosen = self.probes.take(self.folds.kept[rows].tolist())
        images = model_input(chosen, slice(0, len(rows)), self.spec).to(self.place)
        with captured(self.network, [OUTPUT]) as capture:
            return pooled_cells(capture.forward(images)[OUTPUT])

    def _logits(self, rows: np.ndarray, *, training: bool) -> Tensor:
        head: Tensor = self.module["head"](self._features(rows, training=training))
        return head

    def _loss(self, rows: np.ndarray, *, training: bool) -> Tensor:
        wanted = torch.from_numpy(self.folds.classes[rows]).to(self.place)
        return cross_entropy(self._logits(rows, training=training), wanted)
