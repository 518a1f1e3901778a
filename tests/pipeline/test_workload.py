"""What a run is said to take before it begins."""

import pytest
from planted_pages import LAYERS, spec

from depara_core.pipeline.workload import workload


@pytest.mark.parametrize(("every_layer", "layers"), [(False, 2), (True, 2 * len(LAYERS))])
def test_a_layer_takes_its_maps_and_the_cosines_of_all_pairs(every_layer, layers):
    specs = [spec("rooms/normal", "3D"), spec("rooms/reshading", "3D")]  # inputs of 4 x 4 pixels
    work = workload(specs, 10, every_layer=every_layer)
    assert (work.layers, work.attributions, work.complete) == (layers, 10 * layers, True)
    assert work.bytes == layers * 10 * (3 * 4 * 4 + 10) * 4
    assert workload(specs, 10, every_layer=every_layer, resolution=2).bytes == layers * 10 * (3 * 2 * 2 + 10) * 4
