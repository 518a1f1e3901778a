"""Learning for the layer study: one loop for whole networks and for what is left of one after a cut."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from depara_core.rooms import RICH_FACTORS
from depara_core.training.cards import GATE, rounded, write_weights
from depara_core.training.layer_views import Views
from depara_core.training.trainer import HeldOutScore, Recipe, learning_rate
from depara_core.zoo.rooms_study import ARCHITECTURE, StudyNetwork
from depara_core.zoo.rooms_vgg import Vgg

BATCH = 200  # pictures that are looked at together where nothing is learned
Vary = Callable[[Tensor, torch.Generator], Tensor]


def fresh(outputs: int, seed: int) -> Vgg:
    """Return a network with the random weights of `seed`; the generator of random numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Vgg(outputs).to(memory_format=torch.channels_last)


def learn(module: nn.Module, inputs: Tensor, labels: Tensor, recipe: Recipe, *, vary: Vary | None = None) -> nn.Module:
    """Train a network in place on inputs (N, ...), pictures or what a frozen prefix makes of them; return it, at rest.

    `vary` changes what a batch looks like without changing its classes. Every draw comes from the recipe's seed.
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    order = torch.empty(0, dtype=torch.long)
    module.train()
    for step in range(recipe.steps):
        while len(order) < recipe.batch:
            order = torch.cat([order, torch.randperm(len(inputs), generator=generator)])
        rows, order = order[: recipe.batch], order[recipe.batch :]
        batch = pixels(inputs[rows])
        if vary:
            batch = vary(batch, generator)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        optimizer.zero_grad()
        loss(module(batch), labels[rows]).backward()
        optimizer.step()
    return module.eval()


def mirrored(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Return the pictures as they are or, every other time, left for right."""
    return batch.flip(-1) if torch.rand(1, generator=generator) < 0.5 else batch


def recoloured(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Return bare pictures in other colours, spotted and noisy, so that what is learned is the form (B, 3, 64, 64).

    A network that has seen white rooms only is lost in all others; randomised appearance is the usual remedy (Tobin et
    al. 2017, domain randomisation).
    """
    batch = mirrored(batch, generator)[:, torch.randperm(3, generator=generator)]
    gain = 0.4 + 0.8 * torch.rand(len(batch), 3, 1, 1, generator=generator)
    spots = interpolate(torch.randn(len(batch), 3, 8, 8, generator=generator), size=batch.shape[-2:], mode="bilinear")
    noise = torch.randn(batch.shape, generator=generator)
    varied = (batch + 1) * gain - 1 + 0.25 * spots + 0.10 * noise
    return varied.clamp(-1, 1).contiguous(memory_format=torch.channels_last)


VARIATIONS: dict[str, Vary] = {"bare": recoloured, "real": mirrored}


def pixels(inputs: Tensor) -> Tensor:
    """Return pictures of bytes as the networks read them, in [-1, 1]; anything else as it is."""
    return inputs.float() / 127.5 - 1 if inputs.dtype == torch.uint8 else inputs


def loss(output: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of classes (B,), or of the classes that are products of factors (B, 3).

    The logit of a product is the sum of its factors' logits, so that its cross-entropy is the sum of theirs.
    """
    if labels.ndim == 1:
        return cross_entropy(output, labels)
    parts = zip(output.split(RICH_FACTORS, dim=1), labels.unbind(1), strict=True)
    return torch.stack([cross_entropy(logits, label) for logits, label in parts]).sum()


@torch.inference_mode()
def apply(module: nn.Module, inputs: Tensor) -> Tensor:
    """Return what the network, at rest, makes of all inputs."""
    module.eval()
    return torch.cat([module(pixels(inputs[start : start + BATCH])) for start in range(0, len(inputs), BATCH)])


def accuracy(module: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Return the share of right classes (all factors right)."""
    output = apply(module, inputs)
    if labels.ndim == 1:
        return float((output.argmax(1) == labels).float().mean())
    named = torch.stack([part.argmax(1) for part in output.split(RICH_FACTORS, dim=1)], dim=1)
    return float((named == labels).all(1).float().mean())


def constant_accuracy(labels: Tensor, fresh_labels: Tensor) -> float:
    """Return how often the commonest class of `labels` is right of `fresh_labels`."""
    known, counts = labels.view(len(labels), -1).unique(dim=0, return_counts=True)
    return float((fresh_labels.view(len(fresh_labels), -1) == known[counts.argmax()]).all(1).float().mean())


def train_network(
    study: StudyNetwork, views: Views, fresh_views: Views, recipe: Recipe, command: str, folder: Path
) -> Path:
    """Train one network of the study, score it on fresh pictures of its own domain, and write it; return the card."""
    module = fresh(study.outputs, recipe.seed)
    learn(module, views.images, views.labels(study), recipe, vary=VARIATIONS[study.domain])
    return keep_network(study, module, views, fresh_views, recipe, command, folder)


def keep_network(
    study: StudyNetwork, module: Vgg, views: Views, fresh_views: Views, recipe: Recipe, command: str, folder: Path
) -> Path:
    """Score a trained network as it will be stored, and write weights and card."""
    rounded(module)
    own, others = views.labels(study), fresh_views.labels(study)
    score = HeldOutScore(
        "share of wrong classes",
        1 - accuracy(module, fresh_views.images, others),
        1 - constant_accuracy(own, others),
    )
    about: dict[str, Any] = {
        "task": study.name,
        "group": "layers",
        "summary": study.summary,
        "domain": study.domain,
        "classes": study.task,
        "architecture": ARCHITECTURE,
        "parameters": sum(value.numel() for value in module.parameters()),
        "steps": recipe.steps,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "weight_decay": recipe.weight_decay,
        "warmup": recipe.warmup,
        "seed": recipe.seed,
        "scenes": {"training": len(views), "held_out": len(fresh_views)},
        "command": command,
        "measure": score.measure,
        "held_out": round(score.error, 5),
        "constant_predictor": round(score.constant_error, 5),
        "skill": round(score.skill, 5),
        "gate": GATE,
    }
    return write_weights(module, study.name, about, folder)
