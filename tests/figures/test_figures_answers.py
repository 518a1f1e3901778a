"""What the bundled networks do, drawn: the right answer is the room's own label, and words say numbers back."""

import numpy as np
import pytest

from depara_core import rooms
from depara_core.errors import OptionError
from depara_core.figures.answers import answer_pictures, answer_words
from depara_core.rooms import TASKS
from depara_core.zoo import rooms_answers


@pytest.fixture(scope="module")
def found():
    return rooms_answers.answers([f"rooms/{name}" for name in TASKS] + ["rooms/random", "torchvision/resnet18@none"], 2)


def test_every_trained_network_answers_in_the_label_s_own_form(found):
    assert list(found) == [f"rooms/{name}" for name in TASKS]
    labels = rooms.labels(3, 0, 64)
    for name, task in TASKS.items():
        answer = found[f"rooms/{name}"]
        np.testing.assert_allclose(answer.target, labels[name][2], atol=0.02)
        assert answer.output.shape == answer.target.shape
        assert (answer.right is None) == (task.kind != "class")


def test_networks_are_nearer_to_the_truth_than_its_own_mean(found):
    for name in ("depth_zbuffer", "normal", "reshading", "curvature"):
        answer = found[f"rooms/{name}"]
        mean = answer.target.mean(axis=(1, 2), keepdims=True)
        assert np.square(answer.output - answer.target).mean() < np.square(mean - answer.target).mean()


def test_each_answer_is_three_pictures(found):
    for answer in found.values():
        assert [picture.shape for picture in answer_pictures(answer, size=40)] == [(40, 40, 3)] * 3
    read, _, right = answer_pictures(found["rooms/autoencoding"], size=64)
    np.testing.assert_allclose(read, right, atol=1)  # it is asked for the picture itself
    grey, _, coloured = answer_pictures(found["rooms/colorization"], size=64)
    assert np.ptp(grey, axis=-1).max() == 0
    np.testing.assert_allclose(coloured, read, atol=3)  # the right colours on the grey picture are the room


def test_what_is_no_picture_is_said_in_words():
    assert answer_words(TASKS["class_scene"], np.array(0)) == "living room"
    assert answer_words(TASKS["class_object"], np.array(rooms.NO_CLASS)) == "no single object"
    assert answer_words(TASKS["room_layout"], np.log([1, 2, 3, 1.5, 1.2])).startswith(
        "left wall 1.0 m\nright wall 2.0 m"
    )
    ahead = np.array([[1, 0, 0], [0.5, 0, np.sqrt(0.75)], [0, 1, 0]])  # the room runs 30 degrees to the right
    assert answer_words(TASKS["vanishing_point"], ahead.ravel()) == "30° right\n0° down"
    assert answer_words(TASKS["normal"], np.zeros((3, 4, 4))) == ""


def test_a_scene_below_zero_is_refused():
    with pytest.raises(OptionError, match="a scene from 0"):
        rooms_answers.answers(["rooms/normal"], -1)
