"""Images as people have them: splits, tables, shards, arrays, data sets; resampled once."""

import io
import json
import os
import tarfile
import types
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from test_probes import Input, encode, photo

from depara_core.errors import OptionError, ProbeError
from depara_core.probes import ProbeSet, decoding, load_probes, loading, model_input, preprocess
from depara_core.probes.counting import count_splits
from depara_core.probes.decoding import decode
from depara_core.probes.drawing import order_of_draw


def grow(folder, files):
    for number, place in enumerate(files):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    return folder


# --- folders


def test_splits_are_not_classes_and_can_be_chosen(tmp_path):
    grow(tmp_path, ["set/train/cat/1.png", "set/train/dog/2.png", "set/val/cat/3.png", "set/val/dog/4.png"])
    assert load_probes(tmp_path).labels == ("cat", "dog", "cat", "dog")
    val = load_probes(tmp_path, split="val")
    assert val.names == ("set/val/cat/3.png", "set/val/dog/4.png")
    assert val.labels == ("cat", "dog")
    assert count_splits(tmp_path) == {"train": 2, "val": 2}
    assert count_splits(tmp_path / "set" / "train") == {"": 2}
    assert sum(count_splits(tmp_path).values()) == 4
    with pytest.raises(OptionError, match=r"no split 'test'. The splits are: train, val"):
        load_probes(tmp_path, split="test")


def test_splits_alone_are_no_labels(tmp_path):
    grow(tmp_path, ["train/1.png", "test/2.png"])
    assert load_probes(tmp_path).labels is None
    assert load_probes(tmp_path, split="test").names == ("test/2.png",)


def test_a_sample_holds_every_class(tmp_path):
    grow(tmp_path, [*(f"many/{i}.png" for i in range(60)), "few/a.png", "few/b.png"])
    labels = load_probes(tmp_path, count=20, seed=3).labels
    assert labels.count("few") >= 1
    assert labels.count("many") == 20 - labels.count("few")


def test_the_order_of_a_draw_is_in_proportion():
    labels = ["a"] * 60 + ["b"] * 30 + ["c"] * 2
    order = order_of_draw(len(labels), labels, 0)
    assert sorted(order) == list(range(92))
    assert {labels[i] for i in order[:3]} == {"a", "b", "c"}
    half = [labels[i] for i in order[:46]]
    assert abs(half.count("a") - 30) <= 1
    assert abs(half.count("b") - 15) <= 1
    assert order_of_draw(5, None, 1) == np.random.default_rng(1).permutation(5).tolist()


def test_linked_folders_are_read_once_and_unreadable_ones_are_told(tmp_path):
    grow(tmp_path, ["elsewhere/x/1.png", "elsewhere/x/2.png"])
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "cat").symlink_to(tmp_path / "elsewhere" / "x")
    (tmp_path / "tree" / "loop").symlink_to(tmp_path / "tree")
    probes = load_probes(tmp_path / "tree")
    assert probes.names == ("cat/1.png", "cat/2.png")
    assert probes.skipped == (("loop", "a link to a folder that is read already"),)


def test_an_unreadable_folder_is_told(tmp_path, monkeypatch):
    grow(tmp_path, ["a/1.png", "b/2.png"])
    real = os.scandir

    def scandir(path):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert load_probes(tmp_path).skipped == (("b", "the folder cannot be read: Permission denied"),)


def test_a_large_folder_is_drawn_from_without_opening_all(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    for i in range(3000):
        (tmp_path / "a" / f"{i}.png").write_text(str(i))
    opened = []

    def planted(data, *_, **__):
        opened.append(data)
        return np.full((2, 2, 3), len(opened), np.uint8)

    monkeypatch.setattr(loading, "decode", planted)
    assert len(load_probes(tmp_path, count=5)) == len(opened) == 5


# --- tables


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na/1.png,cat\na/2.png,dog\n",
        "a/1.png,cat\na/2.png,dog\n",
        "\ufeffclass;filename\ncat;a/1.png\ndog;a/2.png\n",
    ],
)
def test_a_csv_names_paths_and_labels(tmp_path, text):
    grow(tmp_path, ["a/1.png", "a/2.png", "a/3.png"])
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    probes = load_probes(tmp_path / "list.csv")
    assert probes.names == ("a/1.png", "a/2.png")
    assert probes.labels == ("cat", "dog")


def test_a_csv_with_unknown_paths_and_repeated_lines(tmp_path):
    grow(tmp_path, ["1.png", "2.png"])
    (tmp_path / "list.csv").write_text("path,label\n1.png,cat\n2.png,dog\n1.png,cow\nabsent.png,cat\n")
    probes = load_probes(tmp_path / "list.csv")
    assert probes.labels == ("cat", "dog")
    assert dict(probes.skipped) == {
        "1.png": "named twice in the table with another label ('cat' and 'cow'); the first counts",
        "absent.png": "list.csv names it, but there is no such file",
    }
    (tmp_path / "bad.csv").write_text("what,ever\n1,2\n")
    with pytest.raises(ProbeError, match="no column of paths"):
        load_probes(tmp_path / "bad.csv")


def test_images_are_uploaded_with_their_labels():
    files = [
        ("1.png", photo(1)),
        ("2.png", photo(2)),
        ("labels.csv", b"path,label\nx/1.png,cat\n2.png,dog\n9.png,cat\n"),
    ]
    probes = load_probes(files)
    assert probes.labels == ("cat", "dog")
    assert probes.skipped == (("9.png", "the table names it, but there is no such image"),)


PATHS = ["a/1.png", "a/2.png", "b/1.png"]
TABLE = "path,label\na/1.png,cat\na/2.png,dog\nb/1.png,cow\ngone.png,cat\n"


@pytest.mark.parametrize("table", ["labels.csv", "metadata.csv"])
@pytest.mark.parametrize("kind", ["folder", "zip", "zip of a folder"])
def test_a_table_of_labels_lies_beside_the_images(tmp_path, table, kind):
    grow(tmp_path / "photos", PATHS)
    (tmp_path / "photos" / table).write_text(TABLE)
    source = tmp_path / "photos"
    if kind != "folder":
        source, top = tmp_path / "photos.zip", tmp_path if kind == "zip of a folder" else tmp_path / "photos"
        with zipfile.ZipFile(source, "w") as archive:
            for file in (tmp_path / "photos").rglob("*.*"):
                archive.write(file, file.relative_to(top))
    probes = load_probes(source)
    assert probes.labels == ("cat", "dog", "cow")  # not the folders' names
    assert probes.skipped == (("gone.png", "the table names it, but there is no such image"),)


def test_a_table_that_leaves_some_images_out_gives_no_labels_and_says_so(tmp_path):
    grow(tmp_path, PATHS)
    (tmp_path / "labels.csv").write_text("path,label\na/1.png,cat\na/2.png,dog\n")
    probes = load_probes(tmp_path)
    assert probes.labels is None
    assert probes.notes == ((str(tmp_path), "1 of 3 images have no label, so none is taken"),)
    (tmp_path / "labels.csv").write_text("what,ever\n1,2\n")
    probes = load_probes(tmp_path)
    assert probes.labels == ("a", "a", "b")  # the folders' names
    assert "no column of paths" in dict(probes.skipped)["labels.csv"]


def test_a_file_name_that_is_there_twice_is_given_no_label():
    table = b"path,label\nx/1.png,cat\ny/1.png,dog\n2.png,dog\n"
    probes = load_probes([("1.png", photo(1)), ("2.png", photo(2)), ("labels.csv", table)])
    assert probes.labels is None
    assert "several lines of the table may mean it (x/1.png, y/1.png)" in dict(probes.skipped)["1.png"]


def parquet(path, labels=(0, 1, 0), features=True):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "image": [{"bytes": photo(i), "path": f"{i}.png"} for i in range(len(labels))],
            "label": pa.array(labels, pa.int64()),
        }
    )
    if features:
        told = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=2)
    return table


@pytest.mark.parametrize("features, expected", [(True, ("cat", "dog", "cat")), (False, ("0", "1", "0"))])
def test_parquet_of_hugging_face(tmp_path, features, expected):
    parquet(tmp_path / "x.parquet", features=features)
    probes = load_probes(tmp_path / "x.parquet")
    assert probes.labels == expected
    np.testing.assert_array_equal(probes.images, [decode(photo(i), 12) for i in range(3)])


def test_a_folder_of_a_hugging_face_data_set(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    table = parquet(tmp_path / "other" / "x.parquet")
    assert load_probes(tmp_path / "data").labels == ("cat", "dog", "cat")
    assert len(load_probes(tmp_path / "data", split="train")) == 3
    (tmp_path / "saved").mkdir()
    with (
        pa.OSFile(str(tmp_path / "saved" / "data-00000-of-00001.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    assert load_probes(tmp_path / "saved").labels == ("cat", "dog", "cat")


# --- shards


def shard(path, files):
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_a_web_dataset(tmp_path):
    files = {"000.png": photo(0), "000.cls": b"7", "001.png": photo(1), "001.json": b'{"label": "dog"}', "a.md": b"no"}
    shard(tmp_path / "s.tar", files)
    probes = load_probes(tmp_path / "s.tar")
    assert (probes.names, probes.labels) == (("000.png", "001.png"), ("7", "dog"))
    assert [name for name, _ in probes.skipped] == ["a.md"]
    assert load_probes([("s.tar", (tmp_path / "s.tar").read_bytes())]).labels == ("7", "dog")
    shard(tmp_path / "t.tar", {"002.png": photo(2), "002.cls": b"9"})
    assert load_probes(tmp_path).labels == ("7", "dog", "9"), "a folder of shards"


def test_a_tar_of_folders_and_a_bad_one(tmp_path):
    shard(tmp_path / "s.tgz", {"x/cat/1.png": photo(0), "x/dog/2.png": photo(1)})
    assert load_probes(tmp_path / "s.tgz").labels == ("cat", "dog")
    (tmp_path / "bad.tar").write_bytes(b"nonsense")
    with pytest.raises(ProbeError, match=r"bad.tar cannot be read"):
        load_probes(tmp_path / "bad.tar")


# --- arrays and data sets


def test_array_files(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", images=images.astype(np.float32) / 255, labels=[1, 2, 1, 2])
    np.savez(tmp_path / "c.npz", x_train=images[..., 0])
    for name in ("a.npy", "b.npz"):
        np.testing.assert_array_equal(load_probes(tmp_path / name).images, images)
    assert load_probes(tmp_path / "b.npz").labels == ("1", "2", "1", "2")
    np.testing.assert_array_equal(load_probes(tmp_path / "c.npz").images, np.repeat(images[..., :1], 3, axis=3))
    np.savez(tmp_path / "bad.npz", weights=images)
    with pytest.raises(ProbeError, match=r"bad.npz holds weights; expected images"):
        load_probes(tmp_path / "bad.npz")


def test_pictures_in_memory_and_patterns(tmp_path):
    pictures = [Image.open(io.BytesIO(photo(i))) for i in range(2)]
    np.testing.assert_array_equal(load_probes(pictures).images, [decode(photo(i), 12) for i in range(2)])
    tensor = torch.from_numpy(np.array(pictures[0])).permute(2, 0, 1) / 255
    np.testing.assert_array_equal(load_probes([tensor]).images[0], decode(photo(0), 12))
    assert load_probes([pictures[0], torch.randn(3, 8, 8)]).skipped[0][1].startswith("floats outside [0, 1]")
    grow(tmp_path, ["a/1.png", "a/2.jpg", "b/3.png"])
    assert load_probes(f"{tmp_path}/*/*.png").names == ("a/1.png", "b/3.png")


class Pairs(torch.utils.data.Dataset):
    classes, targets = ("cat", "dog"), (1, 0, 1)

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return Image.open(io.BytesIO(photo(index))), self.targets[index]


def test_a_torch_dataset():
    probes = load_probes(Pairs())
    assert probes.labels == ("dog", "cat", "dog")
    assert probes.source == "Pairs"


class Columns:
    """What `datasets.load_dataset` gives: rows by their number, columns by their name."""

    column_names = ("image", "label")
    features = {"image": None, "label": types.SimpleNamespace(names=["cat", "dog"])}  # noqa: RUF012

    def __len__(self):
        return 3

    def __getitem__(self, key):
        labels = [1, 0, 1]
        return labels if key == "label" else {"image": Image.open(io.BytesIO(photo(key))), "label": labels[key]}


def test_a_data_set_of_hugging_face():
    probes = load_probes(Columns())
    assert probes.labels == ("dog", "cat", "dog")
    np.testing.assert_array_equal(probes.images[1], decode(photo(1), 12))


@pytest.mark.parametrize("source", [None, 5, lambda: 1])
def test_what_is_no_source_is_told(source):
    with pytest.raises(OptionError, match="Expected 'rooms', 'fashion', a folder"):
        load_probes(source)


# --- pixels


def test_small_images_are_resampled_once(tmp_path):
    (tmp_path / "a.png").write_bytes(photo(0, 28))
    probes = load_probes(tmp_path)
    assert probes.images.shape == (1, 28, 28, 3)
    spec = Input(14)
    expected = preprocess(np.asarray(Image.open(io.BytesIO(photo(0, 28))))[None], spec)
    assert torch.equal(model_input(probes, slice(None), spec), expected)


def test_originals_are_kept_up_to_a_bound_and_networks_read_these(tmp_path, monkeypatch):
    for name, side in (("a.png", 300), ("b.png", 20), ("c.png", 900)):
        (tmp_path / name).write_bytes(photo(side, side))
    probes = load_probes(tmp_path)
    assert probes.images.shape == (3, 256, 256, 3)
    assert [len(one) for one in probes.originals] == [300, 20, 640]
    spec = Input(299)
    seen = model_input(probes, slice(0, 2), spec)
    for i in (0, 1):
        assert torch.equal(seen[i : i + 1], preprocess(probes.originals[i][None], spec))
    assert probes.take([1, 0]).originals[1] is probes.originals[0]
    assert probes.nbytes == 3 * (3 * 256**2 + 300**2 + 20**2 + 640**2)
    other = ProbeSet(probes.images, probes.names, originals=(*probes.originals[:2], probes.originals[2] ^ 1))
    assert other.digest != probes.digest
    monkeypatch.setattr(loading, "MEMORY", 3 * 3 * 400**2)
    assert [len(one) for one in load_probes(tmp_path).originals] == [300, 20, 400]
    assert load_probes(tmp_path, size=64).originals is None


@pytest.mark.parametrize("values, grey", [(4095, 255), (2048, 128), (200, 200), (65535, 255), (25700, 100)])
def test_twelve_bits_in_a_file_of_sixteen_are_visible(values, grey):
    data = encode(Image.fromarray(np.full((4, 4), values, np.uint16)))
    assert decode(data, 4)[0, 0].tolist() == [grey] * 3


def test_the_first_picture_of_several_is_taken_and_told():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    probes = load_probes([("a.gif", data)])
    assert probes.images[0, 0, 0].tolist() == [255, 0, 0]
    assert probes.notes == (("a.gif", "holds 2 pictures; the first is taken"),)


def test_the_background_is_a_choice():
    clip = [("a.png", encode(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))]
    assert load_probes(clip).images[0, 0, 0].tolist() == [255, 255, 255]
    assert load_probes(clip, background="#102030").images[0, 0, 0].tolist() == [16, 32, 48]
    with pytest.raises(OptionError, match="Expected background as a colour"):
        load_probes(clip, background="nice")


def test_phone_formats():
    Image.init()
    avif = encode(Image.new("RGB", (16, 16), (10, 20, 30)), "AVIF", quality=100)
    assert np.abs(decode(avif, 16).astype(int) - [10, 20, 30]).max() <= 3
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(Image.new("RGB", (64, 64), (200, 100, 50))).save(file, quality=100)
    assert np.abs(decode(file.getvalue(), 16).astype(int) - [200, 100, 50]).max() <= 6


def test_jpeg_xl():
    jxl = pytest.importorskip("pillow_jxl")
    assert jxl
    pixels, file = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8), io.BytesIO()
    Image.fromarray(pixels).save(file, "JXL", lossless=True)
    np.testing.assert_array_equal(decode(file.getvalue(), 20), pixels)
    with pytest.raises(ProbeError, match=r"not an image|damaged"):
        decode(file.getvalue()[:20], 4)


def test_formats_of_a_package_that_is_not_here(monkeypatch):
    monkeypatch.setattr(decoding, "_formats", lambda: ("PNG",))
    for head in (b"\xff\x0a" + bytes(40), b"\0\0\0\x18ftypheic" + bytes(40)):
        with pytest.raises(ProbeError, match=r"is read with another package: pip install 'depara-explorer\[images\]'"):
            decode(head, 4)
