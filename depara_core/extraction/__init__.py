"""One pass over the probes: nodes and feature geometry of every wanted layer, within memory, device and numerics."""
