"""The options of the commands that compute; what they stand for is imported when it is computed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

import depara_core as depara
from depara_core.cli.choices import CHANNELS, METHODS, OBJECTIVES, PRESETS
from depara_core.cli.options import StoreLimit, StorePath
from depara_core.cli.output import warn
from depara_core.files import Progress


def _option(help: str, *names: str, panel: str = "Graphs", **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@dataclass(frozen=True, kw_only=True)
class Work:
    """How graphs are to be made, as the user gave it: each field is an option of every command `with_work`."""

    probes: Annotated[str, _option("'rooms', 'fashion', a folder of images, a .zip, ...", panel="Probes")] = "rooms"
    count: Annotated[int | None, _option("How many.", panel="Probes", show_default="200 rooms, or every image")] = None
    seed: Annotated[int, _option("Which rooms, or which images of a larger set.", panel="Probes")] = 0
    split: Annotated[
        str | None, _option("Only this split of a folder, such as 'val'.", panel="Probes", show_default="all")
    ] = None
    background: Annotated[str, _option("Colour under transparent parts, a name or '#rrggbb'.", panel="Probes")] = (
        "white"
    )
    view: Annotated[
        str | None,
        _option(
            "What each network is shown: 'common', the whole square; 'own', by its own crop and interpolation.",
            show_default="as the ids say, which is common without ?view=own",
        ),
    ] = None
    preset: Annotated[str, _option(f"One of: {', '.join(PRESETS)}.")] = "paper"
    method: Annotated[str | None, _option(f"One of: {', '.join(METHODS)}.", show_default="the preset's")] = None
    objective: Annotated[str | None, _option(f"One of: {', '.join(OBJECTIVES)}.", show_default="the preset's")] = None
    channels: Annotated[str | None, _option(f"One of: {', '.join(CHANNELS)}.", show_default="the preset's")] = None
    center: Annotated[bool | None, _option("Subtract the mean feature first.", "--center/--no-center")] = None
    device: Annotated[str, _option("'auto', 'cpu', 'cuda', ...")] = "auto"
    memory: Annotated[
        str | None,
        _option(
            "What features and maps may take of it, such as 2GB.",
            show_default="a quarter of it, 0.5 to 3 GiB, beside a GPU to 32",
        ),
    ] = None
    precision: Annotated[str, _option("'float32', or 'fast' where that agrees with float32.")] = "float32"
    executor: Annotated[
        str | None, _option("'ray' or 'ray://host:10001': models are tasks of a cluster.", show_default="this process")
    ] = None
    store: StorePath = None
    store_limit: StoreLimit = None

    def options(self) -> "depara.Options":
        """Return the preset's options with what was given beside it."""
        from depara_core.attribution.options import resolve_options

        return resolve_options(
            self.preset, method=self.method, objective=self.objective, channels=self.channels, center=self.center
        )

    def load(self, progress: Progress) -> "depara.ProbeSet":
        """Read the probes."""
        return depara.load_probes(
            self.probes, count=self.count, seed=self.seed, split=self.split, background=self.background,
            progress=progress,
        )  # fmt: skip

    def model(self, id: str) -> "depara.ModelSpec":
        """Return a model, shown what was asked for."""
        return shown(depara.model(id), self.view)

    def given(self, *, spread: bool = False) -> dict[str, Any]:
        """Return what every call that makes graphs takes by keyword; those that can `spread` take the cluster too."""
        if self.executor is not None and not spread:
            raise depara.OptionError("This command does not run on a cluster. Leave --executor out.")
        from depara_core.store import parse_size

        return {
            **asdict(self.options()),
            "device": self.device,
            "memory_budget": None if self.memory is None else parse_size(self.memory, "--memory"),
            "precision": self.precision,
            "store": depara.Store(self.store, self.store_limit),
            **({"executor": self.executor} if self.executor is not None else {}),
        }


def shown(spec: "depara.ModelSpec", view: str | None) -> "depara.ModelSpec":
    """Return a model that is shown a view (None: what its id says); one that has none of its own is told."""
    if view == "own" and spec.own_view is None:
        warn(f"{spec.id} has no crop and interpolation of its own that is known: it sees the whole square.")
    return spec if view is None else spec.seen(view)


def with_work(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's argument `work` by the options of `Work`."""
    own = [parameter for name, parameter in signature(command).parameters.items() if name != "work"]
    shared = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in fields(Work)
    ]

    def run(**given: Any) -> None:
        command(Work(**{field.name: given.pop(field.name) for field in fields(Work)}), **given)

    run.__signature__ = Signature([parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own] + shared)  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    return run


def split_layers(layers: str) -> str | list[str]:
    """Read --layers: "output" and "all" stay words, anything else is a list of names."""
    names = [name.strip() for name in layers.split(",") if name.strip()]
    return names if len(names) != 1 else names[0]
