"""The plain deep networks of the layer study: twelve convolutions and two linear layers, to be cut at any of them.

Nothing works in place and no module is called twice, so that attribution rules which hook modules hold.
"""

from torch import Tensor, nn

from depara_core.zoo.rooms import INPUT_SIZE
from depara_core.zoo.rooms_study import CUTS

WIDTHS = ((16,), (24, 24), (32, 32, 32), (48, 48, 48), (64, 64, 64))  # of the convolutions; a pooling after each group
HIDDEN = 128


class Vgg(nn.Module):
    """Picture (B, 3, 64, 64) in [-1, 1] to logits (B, outputs); 0.32 M parameters.

    Layers `conv1` .. `conv12` are convolution, batch norm and ReLU; `output` (B, 128) is the first linear layer with
    the same, and what the classifier `head` reads.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        inputs, number = 3, 0
        for group, widths in enumerate(WIDTHS, 1):
            for width in widths:
                number += 1
                conv = nn.Conv2d(inputs, width, 3, padding=1, bias=False)
                self.add_module(f"conv{number}", nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU()))
                inputs = width
            if group < len(WIDTHS):
                self.add_module(f"pool{group}", nn.MaxPool2d(2))
        self.flat = nn.Flatten()
        side = INPUT_SIZE // 2 ** (len(WIDTHS) - 1)
        linear = nn.Linear(inputs * side * side, HIDDEN, bias=False)
        self.output = nn.Sequential(linear, nn.BatchNorm1d(HIDDEN), nn.ReLU())
        self.head = nn.Linear(HIDDEN, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        for part in self.children():
            x = part(x)
        return x

    def split(self, k: int) -> tuple[nn.Sequential, nn.Sequential]:
        """Return layers 1 .. k and the rest as two networks that share this one's modules; k = 0 splits off nothing."""
        parts = list(self.named_children())
        place = 0 if k == 0 else 1 + [name for name, _ in parts].index(CUTS[k - 1])
        first, rest = ([part for _, part in half] for half in (parts[:place], parts[place:]))
        return nn.Sequential(*first), nn.Sequential(*rest)
