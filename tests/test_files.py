"""Files written whole or not at all, and jobs in processes of their own."""

import os
import threading
import time

import pytest
import torch

from depara_core.errors import Cancelled
from depara_core.files import side_by_side, write_whole, written_aside


def test_a_file_appears_whole_and_its_folder_with_it(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with written_aside(path) as aside:
        aside.write_text("half")
        assert not path.exists()
        assert aside.parent == path.parent  # of one file system, or a rename would copy
        aside.write_text("whole")
    assert path.read_text() == "whole"
    assert [*path.parent.iterdir()] == [path]


def test_a_file_is_replaced_only_once_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    write_whole(path, "old")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert path.read_text() == "old"
    write_whole(path, "neu: λ")
    assert path.read_bytes() == "neu: λ".encode()
    assert [*tmp_path.iterdir()] == [path]


def write_folder(path, *, fails=False):
    with written_aside(path) as aside:
        aside.mkdir()
        (aside / "image").write_bytes(b"1")
        if fails:
            raise RuntimeError("broken")


def test_a_folder_is_renamed_or_removed_too(tmp_path):
    write_folder(tmp_path / "one")
    with pytest.raises(RuntimeError, match="broken"):
        write_folder(tmp_path / "two", fails=True)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["one", "one/image"]


def test_writers_of_one_file_do_not_meet(tmp_path):
    path, contents = tmp_path / "file", [bytes([65 + k]) * 100_000 for k in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [*tmp_path.iterdir()] == [path]


def double(number, tell):
    tell(number, "begun")
    return 2 * number, os.getpid(), torch.get_num_threads()


def tell_until_stopped(path, tell):
    path.with_suffix(".begun").touch()
    try:
        while True:
            tell(path.name)
            time.sleep(0.01)
    except Cancelled:
        path.with_suffix(".stopped").touch()
        raise


@pytest.mark.parametrize(("workers", "count"), [(1, 3), (2, 1)])
def test_one_worker_or_one_job_runs_here(workers, count):
    told, threads = [], torch.get_num_threads()
    jobs = [(number,) for number in range(count)]
    expected = [(2 * number, os.getpid(), threads) for number in range(count)]
    assert list(side_by_side(double, jobs, workers, tell=lambda *news: told.append(news))) == expected
    assert told == [(number, "begun") for number in range(count)]


def test_processes_have_one_thread_each_and_what_they_tell_arrives_here():
    told = []
    results = list(side_by_side(double, [(1,), (2,), (3,)], 2, tell=lambda *news: told.append(news)))
    assert sorted(result for result, _, _ in results) == [2, 4, 6]
    assert all(process != os.getpid() and threads == 1 for _, process, threads in results)
    assert sorted(told) == [(1, "begun"), (2, "begun"), (3, "begun")]


def test_cancelling_stops_running_jobs_and_begins_no_other(tmp_path):
    jobs = [(tmp_path / name,) for name in "abcdef"]

    def cancel(_):
        raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        list(side_by_side(tell_until_stopped, jobs, 2, tell=cancel))
    deadline = time.monotonic() + 300
    while begun := [path for path in tmp_path.glob("*.begun") if not path.with_suffix(".stopped").exists()]:
        assert time.monotonic() < deadline, f"{begun} still run"
        time.sleep(0.05)
    assert 1 <= len([*tmp_path.glob("*.begun")]) < len(jobs)
