"""The plain deep networks of the layer studies: convolutions and two linear layers, to be cut at any of them.

Nothing works in place and no module is called twice, so that attribution rules which hook modules hold.
"""

from torch import Tensor, nn

from depara_core.zoo.rooms import INPUT_SIZE

Widths = tuple[tuple[int, ...], ...]
WIDTHS: Widths = (
    (16,),
    (24, 24),
    (32, 32, 32),
    (48, 48, 48),
    (64, 64, 64),
)  # of the convolutions; a pooling after each group
HIDDEN = 128


class Vgg(nn.Module):
    """Picture (B, 3, size, size) to logits (B, outputs); 0.32 M parameters with the rooms' sizes, the default.

    Layers `conv1`, `conv2`, ... are convolution (the first with `stride`), batch norm and ReLU, as many as `widths` has
    numbers, with a pooling between its groups; `output` (B, hidden) is the first linear layer with the same, and what
    the classifier `head` reads.
    """

    def __init__(
        self, outputs: int, *, widths: Widths = WIDTHS, hidden: int = HIDDEN, size: int = INPUT_SIZE, stride: int = 1
    ) -> None:
        super().__init__()
        inputs, number = 3, 0
        for group, channels in enumerate(widths, 1):
            for width in channels:
                number += 1
                conv = nn.Conv2d(inputs, width, 3, stride if number == 1 else 1, padding=1, bias=False)
                self.add_module(f"conv{number}", nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU()))
                inputs = width
            if group < len(widths):
                self.add_module(f"pool{group}", nn.MaxPool2d(2))
        self.flat = nn.Flatten()
        side = size // stride // 2 ** (len(widths) - 1)
        linear = nn.Linear(inputs * side * side, hidden, bias=False)
        self.output = nn.Sequential(linear, nn.BatchNorm1d(hidden), nn.ReLU())
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        for part in self.children():
            x = part(x)
        return x

    def split(self, k: int) -> tuple[nn.Sequential, nn.Sequential]:
        """Return layers 1 .. k and the rest as two networks that share this one's modules; k = 0 splits off nothing."""
        parts = list(self.named_children())
        cuts = [place for place, (name, _) in enumerate(parts, 1) if name.startswith(("conv", "output"))]
        place = cuts[k - 1] if k else 0
        first, rest = ([part for _, part in half] for half in (parts[:place], parts[place:]))
        return nn.Sequential(*first), nn.Sequential(*rest)
