"""What the rest of the library knows of a model: its name, its layers, its input, and how to open it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress

if TYPE_CHECKING:
    import torch  # which listing models does not need

OUTPUT = "output"
MOST_BLOCKS = 16  # layers that "blocks" picks of a deep network
VIEWS = ("common", "own")  # what a network is shown of an image: see `ModelSpec.seen`


@dataclass(frozen=True)
class Identity:
    """What a model's results are kept under: equal identities promise equal features and gradients."""

    taps: dict[str, tuple[str, str]]  # see `Network`
    digest: str


@dataclass(frozen=True)
class Network:
    """A model in memory, ready to be attributed: evaluation mode, parameters frozen, on the CPU.

    `taps` says where each layer is read: layer name -> (dotted module path, "output" or "input" of that module);
    the empty path is the module itself. Any dotted module path is a valid layer too, read at its output; of a module
    that is called several times in one forward, "<path>#2" is the second call, and the plain path the last.
    """

    module: "torch.nn.Module"
    taps: dict[str, tuple[str, str]]
    digest: str  # sha256 (hex) of the weights and the architecture's name: the model's identity in the store
    tokens: str = "all"  # which tokens of its sequences the inner layers are (see `tokens`)
    prefix: int = 0  # tokens before those of the patches: class, distillation, registers
    window: int | None = None  # side of the centre of its input that is read, pixels; None: all of it

    @property
    def identity(self) -> Identity:
        """What results are kept under."""
        return Identity(self.taps, self.digest)

    @property
    def parameters(self) -> int:
        """Numbers that the weights hold."""
        return sum(one.numel() for one in self.module.parameters())

    def tap(self, layer: str) -> "tuple[torch.nn.Module, str]":
        """Return the submodule that yields `layer` and the side ("output" or "input") to read it at."""
        path, side = self.taps.get(layer, (layer, "output"))
        try:
            return self.module.get_submodule(split_call(path)[0]), side
        except AttributeError:
            raise ModelError(
                f"Layer {layer!r} does not exist. Expected one of: {', '.join(self.taps)} (or a module path)."
            ) from None

    def call(self, layer: str) -> int | None:
        """Return which call of its module `layer` is, counted from 1; None: the last, which is mostly the only one."""
        return split_call(self.taps.get(layer, (layer, "output"))[0])[1]


def split_call(path: str) -> tuple[str, int | None]:
    """Split "<module path>#<call>" into the path and the call's number, or None where it names no call."""
    place, mark, number = path.rpartition("#")
    return (place, int(number)) if mark and number.isdecimal() else (path, None)


def evenly_spread(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most `most` of the names, the first and the last among them, at even distances."""
    if len(names) <= most:
        return names
    return tuple(names[round(i * (len(names) - 1) / (most - 1))] for i in range(most))


@dataclass(frozen=True)
class View:
    """What a model's own transforms show it of a square image.

    Parameters
    ----------
    side
        The image is resampled to so many pixels.
    window
        Side of the centre that is read, pixels.
    interpolation
        A filter of Pillow: "nearest", "box", "bilinear", "hamming", "bicubic" or "lanczos".
    """

    side: int
    window: int
    interpolation: str


@dataclass(frozen=True)
class ModelSpec:
    """A model by name: cheap to make and to list; weights are read only by `open`.

    Attributes
    ----------
    id
        "<source>/<name>[@<weights>]".
    name
        For people.
    source
        The id's part before the first slash.
    group
        What to colour it by: "2D", "3D", "geometric", "semantic" for rooms; the family elsewhere.
    summary
        One plain sentence.
    input_size
        Height = width of its input, pixels.
    mean, std
        Of the RGB input in [0, 1].
    bundled
        Whether it ships with the library.
    own_view
        What its own transforms show it; None: the whole square, as all are shown.
    interpolation
        How images are resampled: "" as for all, antialiased bilinear; else a filter of Pillow.
    """

    id: str
    name: str
    source: str
    group: str
    summary: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bundled: bool
    _layers: Callable[[], tuple[str, ...]] = field(repr=False, compare=False)
    _open: Callable[[Progress | None], Network] = field(repr=False, compare=False)
    _identity: Callable[[], Identity] | None = field(default=None, repr=False, compare=False)
    own_view: View | None = None
    interpolation: str = ""
    _common: "ModelSpec | None" = field(default=None, repr=False, compare=False)

    def seen(self, view: str) -> "ModelSpec":
        """Return the model as it is shown an image: as all are, or by its own crop and interpolation.

        Parameters
        ----------
        view
            "common": the whole square, resampled to the input size by antialiased bilinear interpolation, as for all
            models. "own": the model's own transforms; its maps still cover the whole square, and are 0 outside the
            crop.

        Returns
        -------
        ModelSpec
            With "?view=own" behind the id; the same model where it has no view of its own.

        Raises
        ------
        OptionError
            For another view.
        """
        if view not in VIEWS:
            raise OptionError(f"view={view!r} is unknown. Expected one of: {', '.join(VIEWS)}.")
        common = self._common or self
        return common if view == "common" or common.own_view is None else _seen_by_own(common, common.own_view)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Layer names from input to output; the last one is "output" unless the user listed the layers."""
        return self._layers()

    def resolve_layers(self, layers: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
        """Turn what was asked for into names of layers.

        Parameters
        ----------
        layers
            "all", "blocks" (at most 16 of them, evenly spread), one name or several.

        Returns
        -------
        tuple of str
            In the order given, once each; unknown names are kept, as they may be module paths.

        Raises
        ------
        OptionError
            No layer was given.
        """
        if layers == "all":
            return self.layers
        if layers == "blocks":
            return evenly_spread(self.layers, MOST_BLOCKS)
        names = (layers,) if isinstance(layers, str) else tuple(layers)
        if not names:
            raise OptionError(f"No layer was given for {self.id}. Expected 'output', 'all' or a list of layer names.")
        return tuple(dict.fromkeys(names))

    def open(self, progress: Progress | None = None) -> Network:
        """Read the weights.

        Parameters
        ----------
        progress
            progress(done, total, message) follows a download in bytes.

        Returns
        -------
        Network
            The model in memory.

        Raises
        ------
        ModelError
            It cannot be opened.
        """
        return self._open(progress)

    def identity(self) -> Identity | None:
        """Tell what the model's results are kept under; weights stay unread.

        Returns
        -------
        Identity or None
            That of what `open` would return, or None where only opening can tell.
        """
        return None if self._identity is None else self._identity()


def _seen_by_own(spec: ModelSpec, view: View) -> ModelSpec:
    from depara_core.zoo.adapters import cropped  # late: it brings torch along

    mark = f"{'&' if '?' in spec.id else '?'}view=own"
    cut = f"{view.window} of {view.side} pixels" if view.side > view.window else f"all {view.side} pixels"
    return replace(
        spec,
        id=spec.id + mark,
        name=spec.name + mark,
        summary=f"{spec.summary} Its own view: {cut}, {view.interpolation}.",
        input_size=view.side,
        interpolation=view.interpolation,
        _open=lambda progress: cropped(spec.open(progress), view),
        _identity=None,
        _common=spec,
    )
