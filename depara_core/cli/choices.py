"""The choices of options by name, so that help is written without importing what computes; a test compares them."""

PRESETS = ("paper", "released_models", "released_layers")
METHODS = (
    "input_x_gradient",
    "saliency",
    "integrated_gradients",
    "smoothgrad",
    "deep_lift",
    "guided_backprop",
    "epsilon_lrp",
    "grad_cam",
    "attention_rollout",
    "attention_relevance",
    "occlusion",
)
OBJECTIVES = ("l2_norm", "mean")
CHANNELS = ("none", "mean", "abs_mean")
HEADS = ("ridge", "logistic")
GRAPH_FORMATS = ("graphml", "gexf")
BENCHMARKS = ("rooms", "taskonomy", "rooms-seed1")
READOUTS = ("closed", "decoders")
STEPS, BATCH = 1000, 32  # of training a task of the rooms
