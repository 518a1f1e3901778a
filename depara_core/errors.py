"""The kinds of failure a user can meet; every message says what was expected, what came, and what to do."""


class DeparaError(Exception):
    """Base of every error this library raises on purpose."""


class OptionError(DeparaError, ValueError):
    """An option, name or number is not one of the valid ones."""


class ProbeError(DeparaError, ValueError):
    """A probe image or a set of them cannot be used."""


class ModelError(DeparaError, ValueError):
    """A model cannot be found, loaded, run or attributed."""


class StoreError(DeparaError, OSError):
    """The artefact store cannot be read or written."""


class Cancelled(DeparaError):
    """The caller asked for the work to stop; raise it from a `progress` callable."""
