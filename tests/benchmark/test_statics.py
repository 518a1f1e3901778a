"""What Evaluate says of static facts: networks of a bundled benchmark have one size, none a published accuracy."""

from depara_core.benchmark.benchmarks import BENCHMARKS
from depara_core.pipeline.costs import published_accuracy


def test_static_facts_tell_nothing_apart_on_the_bundled_zoo():
    specs = BENCHMARKS["rooms"].models
    sizes = {sum(one.numel() for one in spec.open(None).module.parameters()) for spec in specs}
    assert len(sizes) == 1
    assert {published_accuracy(spec) for bench in BENCHMARKS.values() for spec in bench.models} == {None}
