import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from minigrad.errors import ArgumentError
from minigrad.io import atomic
from minigrad.io.atomic import atomic_write

IMPORTS = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # what a child process needs to find minigrad
posix = pytest.mark.skipif(os.name == "nt", reason="permissions, pipes and signals of POSIX")


def only_file(folder, content, name="target"):
    """Whether the folder holds one file of that name and content, and nothing else."""
    return os.listdir(folder) == [name] and (folder / name).read_bytes() == content


def temporary_name(pid, host=atomic._HOST, process="0" * 8):
    return f".minigrad-{host}-{pid}-{process}-{'0' * 8}.tmp"


@pytest.fixture(scope="module")
def dead_pid():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_the_old_file_is_seen_until_the_block_ends(tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert only_file(tmp_path, b"new")


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("existed", [True, False])
def test_whatever_is_raised_leaves_the_folder_as_it_was(tmp_path, raised, existed):
    if existed:
        (tmp_path / "target").write_bytes(b"old")
    with pytest.raises(raised), atomic_write(tmp_path / "target") as file:
        file.write(b"half")
        raise raised
    assert only_file(tmp_path, b"old") if existed else os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_system_call_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch, step):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "target").write_bytes(b"old")
    monkeypatch.setattr(atomic.os, step, full)
    with pytest.raises(OSError, match="No space left"), atomic_write(tmp_path / "target") as file:
        file.write(b"new")
    assert only_file(tmp_path, b"old")


@posix
def test_a_write_that_the_system_cuts_short_leaves_the_old_file_whole(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    program = (
        "import resource, signal, sys\n"
        "from minigrad.io import atomic_write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with atomic_write(sys.argv[1]) as file:\n"
        "    file.write(bytes(100_000))\n"
    )
    command = [sys.executable, "-c", program, tmp_path / "target"]
    run = subprocess.run(command, env=IMPORTS, capture_output=True, check=False)
    assert b"File too large" in run.stderr
    assert only_file(tmp_path, b"old")


@posix
def test_the_bytes_reach_the_disk_before_the_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append((f"fsync {kind}", os.fstat(descriptor).st_size if kind == "file" else None))
        fsync(descriptor)

    def note_replace(source, target):
        steps.append(("replace", None))
        replace(source, target)

    monkeypatch.setattr(atomic.os, "fsync", note_fsync)
    monkeypatch.setattr(atomic.os, "replace", note_replace)
    with atomic_write(tmp_path / "target") as file:
        file.write(b"12345")
    assert steps == [("fsync file", 5), ("replace", None), ("fsync folder", None)]


@posix
@pytest.mark.parametrize(("code", "tolerated"), [(errno.EINVAL, True), (errno.EACCES, True), (errno.EIO, False)])
def test_a_folder_that_cannot_be_synced_is_tolerated_but_not_a_failing_disk(tmp_path, monkeypatch, code, tolerated):
    fsync = os.fsync

    def fail_on_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, "folder")
        fsync(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", fail_on_folders)
    if tolerated:
        with atomic_write(tmp_path / "target") as file:
            file.write(b"new")
    else:
        with pytest.raises(OSError, match="folder"), atomic_write(tmp_path / "target") as file:
            file.write(b"new")
    assert only_file(tmp_path, b"new")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_of_the_old_file_are_kept_from_the_first_byte_on(tmp_path, mode):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    target.chmod(mode)
    with atomic_write(target) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == mode
        file.write(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == mode


@posix
def test_a_new_file_gets_the_permissions_that_open_gives(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "target") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640


@posix
def test_a_symbolic_link_stays_a_link(tmp_path):
    for folder in ("links", "files"):
        (tmp_path / folder).mkdir()
    link, target = tmp_path / "links" / "link", tmp_path / "files" / "target"
    link.symlink_to(target)
    for content in (b"first, the link dangles", b"then it does not"):
        with atomic_write(link) as file:
            file.write(content)
        assert link.is_symlink()
        assert only_file(tmp_path / "files", content)
    assert os.listdir(tmp_path / "links") == ["link"]


@posix
def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(ArgumentError, match=f"{name}' is a folder, pipe or device"), atomic_write(tmp_path / name):
            pass
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe"]


def test_a_read_only_file_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "target").write_bytes(b"old")
    monkeypatch.setattr(atomic.os, "access", lambda path, mode: False)  # root may write to any file
    with pytest.raises(PermissionError, match="read-only"), atomic_write(tmp_path / "target"):
        pass
    assert only_file(tmp_path, b"old")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder.*missing"), atomic_write(tmp_path / "missing" / "a"):
        pass


@pytest.mark.parametrize("mode", ["rb", "ab", "w+b", "r+"])
def test_modes_that_cannot_be_atomic_are_refused(tmp_path, mode):
    with pytest.raises(ArgumentError, match="only"), atomic_write(tmp_path / "target", mode):
        pass
    assert os.listdir(tmp_path) == []


def test_text_is_utf8_with_line_ends_as_given(tmp_path):
    with atomic_write(tmp_path / "target", "w") as file:
        file.write("∂L/∂x\r\ny\n")
    assert only_file(tmp_path, "∂L/∂x\r\ny\n".encode())


def test_the_longest_name_works(tmp_path):
    with atomic_write(tmp_path / ("n" * 255)) as file:
        file.write(b"new")
    assert only_file(tmp_path, b"new", "n" * 255)


def test_only_the_temporaries_of_dead_processes_are_removed(tmp_path, dead_pid):
    stale = [temporary_name(dead_pid), temporary_name(os.getpid(), process="f" * 8)]
    kept = [
        temporary_name(os.getpid(), process=atomic._PROCESS),  # another thread's
        temporary_name(os.getppid()),
        temporary_name(dead_pid, host="0" * 8),
        temporary_name(dead_pid) + ".bak",
        f".minigrad-{dead_pid}.tmp",
    ]
    for name in stale + kept:
        (tmp_path / name).write_bytes(b"")
    with atomic_write(tmp_path / "target"):
        pass
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "target"])


def test_without_signals_a_temporary_is_stale_after_a_day(monkeypatch, dead_pid):
    with monkeypatch.context() as windows:
        windows.setattr(atomic.os, "name", "nt")
        windows.setattr(atomic.os, "kill", None)  # it would end the process there
        match = atomic._TEMPORARY.fullmatch(temporary_name(dead_pid))
        young, old = (atomic._is_stale(match, time.time() - age) for age in (60, 90_000))
    assert not young
    assert old


KILLED = """
import os, signal, sys
from minigrad.io import atomic

target, step, call = sys.argv[1], sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, step), []
def killer(*args):
    calls.append(args)
    if len(calls) == call:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
setattr(os, step, killer)
with atomic.atomic_write(target) as file:
    file.write(b"new" * 100_000)
"""


@posix
@pytest.mark.parametrize(
    ("step", "call", "expected"),
    [("chmod", 1, b"old"), ("fsync", 1, b"old"), ("replace", 1, b"old"), ("fsync", 2, b"new" * 100_000)],
)
def test_a_process_killed_at_any_step_leaves_a_whole_file(tmp_path, step, call, expected):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    run = subprocess.run([sys.executable, "-c", KILLED, target, step, str(call)], env=IMPORTS, check=False)
    assert run.returncode == -signal.SIGKILL
    assert target.read_bytes() == expected
    assert len(os.listdir(tmp_path)) == (2 if expected == b"old" else 1)  # nobody could clean up
    with atomic_write(target) as file:
        file.write(b"next")
    assert only_file(tmp_path, b"next")


def test_threads_that_write_one_file_leave_one_of_their_contents(tmp_path):
    def write(content):
        for _ in range(5):
            with atomic_write(tmp_path / "target") as file:
                file.write(content * 10_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = (tmp_path / "target").read_bytes()
    assert len(content) == 10_000
    assert len(set(content)) == 1
    assert os.listdir(tmp_path) == ["target"]
