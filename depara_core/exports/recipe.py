"""The transfer recipe: plain PyTorch that freezes a source up to the chosen layer and fine-tunes the rest."""

from collections.abc import Callable
from pathlib import Path
from string import Template
from textwrap import dedent

from depara_core.errors import OptionError
from depara_core.exports.provenance import versions
from depara_core.formatting import printable, slug
from depara_core.zoo.spec import OUTPUT, ModelSpec

_TEMPLATE = Path(__file__).with_name("recipe_template.txt")
_AUXILIARY = ("googlenet", "inception_v3")  # answer with several logits while they train

_TORCHVISION = Template(
    dedent('''
    def build(classes):
        """Return the source with a new classifier, and that classifier."""
        $load
        path, old = [(p, part) for p, part in model.named_modules() if isinstance(part, (nn.Linear, nn.Conv2d))][-1]
        if isinstance(old, nn.Conv2d):
            head = nn.Conv2d(old.in_channels, classes, old.kernel_size)
        else:
            head = nn.Linear(old.in_features, classes)
        model.set_submodule(path, head)
        return model, head
    ''').strip()
)
_WRAPPED = Template(
    dedent('''
    def source():
        """Return the network to start from, with its weights."""
        $load


    class Transfer(nn.Module):
        """The source up to its feature, and a new classifier that reads it."""

        def __init__(self, source, classes):
            super().__init__()
            self.source = source
            source.get_submodule($output).register_forward_hook(self.keep)  # "" is the source itself
            with torch.no_grad():
                source.eval()(torch.zeros(2, 3, SIZE, SIZE))
            self.head = nn.Linear(self.feature.flatten(1).shape[1], classes)

        def keep(self, module, inputs, output):
            self.feature = output

        def forward(self, images):
            self.source(images)
            return self.head(self.feature.flatten(1))


    def build(classes):
        """Return the source with a new classifier, and that classifier."""
        model = Transfer(source().requires_grad_(True), classes)
        return model, model.head
    ''').strip()
)


def transfer_recipe(spec: ModelSpec, layer: str, classes: int) -> str:
    """Return a PyTorch script that transfers a source, cut at `layer`, to a task of `classes` classes.

    The script loads the source, freezes every parameter that the layer's output depends on (batch norm statistics too),
    puts a new classifier in, fine-tunes the rest on a folder of images with one subfolder a class, and saves the best
    weights by validation accuracy. A torchvision source needs nothing of this library; a module of your own needs the
    call that makes it put in.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise OptionError(f"Expected at least 2 classes to tell apart; {classes!r} came.")
    values = _BUILDERS.get(spec.source, _wrapped)(spec, layer)
    file = slug("transfer", spec.name, layer)
    cut = "all of it, to its output," if layer == OUTPUT else f"all up to {printable(layer)}"
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        values,
        about=f"Transfer of {printable(spec.id)}: {cut} stays frozen, the rest is fine-tuned.\n"
        f"# Written by DEPARA Explorer {versions()['depara']}.",
        file=file,
        classes=classes,
        size=spec.input_size,
        mean=repr(tuple(spec.mean)),
        std=repr(tuple(spec.std)),
        out=repr(file + values["suffix"]),
    )


def _torchvision(spec: ModelSpec, layer: str) -> dict[str, str]:
    """Write what loads a torchvision model; its layers are the paths of its modules."""
    if layer not in spec.layers:
        spec.open().tap(layer)  # a module's path is a layer too, which only the opened model can tell
    name, _, weights = spec.id.partition("/")[2].partition("@")
    random, several = weights == "none", name in _AUXILIARY
    more = ", init_weights=True" if random and several else ""
    load = [
        *(["torch.manual_seed(0)  # the random weights that were compared"] if random else []),
        f"model = models.get_model({name!r}, weights={None if random else weights!r}{more})",
        *(["model.aux_logits = False  # one answer while it trains, not several"] if several else []),
    ]
    body = _TORCHVISION.substitute(load="\n    ".join(load))
    path = repr(None if layer == OUTPUT else layer)
    return {"vision": "datasets, models, transforms", "imports": "", "layer": path, "build": body, "suffix": ".pt"}


def _wrapped(spec: ModelSpec, layer: str) -> dict[str, str]:
    """Write what loads any other source, and the classifier on its feature."""
    network = spec.open()
    network.tap(layer)
    path = network.taps.get(layer, (layer, "output"))[0]
    own = spec.source == "module"
    if own:
        load = f"raise NotImplementedError({f'Put the call here that makes {spec.name!r}, with its weights.'!r})"
    else:
        load = f"return depara.model({spec.id!r}).open().module"
    return {
        "vision": "datasets, transforms",
        "imports": "" if own else "\nimport depara_core as depara\n",
        "layer": repr(None if layer == OUTPUT else f"source.{path}"),
        "build": _WRAPPED.substitute(load=load, output=repr(network.taps[OUTPUT][0])),
        "suffix": ".safetensors",
    }


_BUILDERS: dict[str, Callable[[ModelSpec, str], dict[str, str]]] = {"torchvision": _torchvision}
