from .casting import Hit as Hit, cast as cast, pixel_grid as pixel_grid
from .chunks import scene_chunks as scene_chunks
from .corruption import corrupt as corrupt
from .domains import (
    DOMAINS as DOMAINS,
    FORM_CLASSES as FORM_CLASSES,
    RICH_FACTORS as RICH_FACTORS,
    form_class as form_class,
    object_views as object_views,
    rich_factors as rich_factors,
)
from .images import PIECES as PIECES, labels as labels, pieces as pieces, render as render, surfaces as surfaces
from .labelling import label_scenes as label_scenes
from .rendering import render_scenes as render_scenes
from .scenes import Scenes as Scenes, sample_scenes as sample_scenes
from .styles import SURFACES as SURFACES
from .tasks import (
    GROUPS as GROUPS,
    IMAGE_TARGETS as IMAGE_TARGETS,
    NO_CLASS as NO_CLASS,
    TASKS as TASKS,
    Task as Task,
    check_tasks as check_tasks,
)
