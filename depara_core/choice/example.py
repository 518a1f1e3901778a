"""An example of a choice that needs nothing from outside: photographs of clothes, and networks trained on others."""

IMAGES = "fashion"  # 200 labelled photographs of five kinds of clothes
COUNT = 200
CANDIDATES = (
    *(f"fashion/{name}@seed{seed}" for name in ("dnn_source", "dnn_rich") for seed in range(4)),
    *(f"rooms/{name}" for name in ("autoencoding", "class_object", "normal", "segment_semantic")),
)  # trained on drawings of the five kinds, on photographs of five other kinds, and on rooms
