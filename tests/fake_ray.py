"""Ray in this process: what `depara_core.pipeline.cluster` calls of it, each task done as soon as it is sent."""

import importlib.machinery
import sys
import types


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


class ObjectStoreFullError(RayError):
    pass


class OutOfDiskError(RayError):
    pass


class Reference:
    """A task that was done, and what it answered or raised."""

    def __init__(self, work, given):
        try:
            self.answer, self.error = work(*(get(one) if isinstance(one, Reference) else one for one in given)), None
        except Exception as error:  # noqa: BLE001 - as Ray does
            self.answer, self.error = None, error if isinstance(error, RayError) else RayTaskError(error)


def get(reference):
    if reference.error is not None:
        raise reference.error
    return reference.answer


class FakeRay(types.ModuleType):
    """Put it into `sys.modules` as `ray` by `plant`; `sent` holds the calls of all tasks, by name."""

    def __init__(self, resources=None):
        super().__init__("ray")
        self.__spec__ = importlib.machinery.ModuleSpec("ray", None)
        names = (RayError, RayTaskError, ObjectStoreFullError, OutOfDiskError)
        self.exceptions = types.SimpleNamespace(**{one.__name__: one for one in names})
        self.sent, self.cancelled, self.asked, self.resources = [], [], [], resources or {"CPU": 2.0}
        self.get = get

    def is_initialized(self):
        return True

    def cluster_resources(self):
        return self.resources

    def put(self, value):
        return value

    def remote(self, **asked):
        self.asked.append(asked)

        def bound(work):
            def send(call, *given):
                self.sent.append((call.__name__, given[0].id))
                return Reference(work, (call, *given))

            return types.SimpleNamespace(remote=send)

        return bound

    def wait(self, pending, *, num_returns, timeout):
        return pending[:1], pending[1:]

    def cancel(self, one, force):
        self.cancelled.append(one)


def plant(monkeypatch, **given):
    """Let this process find a Ray of this kind."""
    ray = FakeRay(**given)
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray
