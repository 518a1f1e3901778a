"""The bundled world: rooms drawn from seeds, their pictures, and exact labels for twenty tasks from the same rays."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
