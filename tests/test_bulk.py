"""A bulk job answers every row once, as `tagger tag` does, whatever is killed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from bulk.check import check
from bulk.generate import write_partitions
from bulk.job import Done, tag_all
from bulk.measure import compare_with_command, different_ids
from bulk.partition import Job, tag_partition
from bulk.trials import kill_and_resume
from tagger.errors import FaultyRows, SettingsError, UnreadableTable
from tests.conftest import TrainedHome
from tests.serving import run_python

PARTITIONS = 20


def texts_in(folder: Path, *, each: int) -> Path:
    """Fill a new folder with partitions of so many texts each."""
    folder.mkdir()
    write_partitions(folder, texts=each * PARTITIONS, partitions=PARTITIONS, seed=0)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of small partitions."""
    return texts_in(tmp_path / "texts", each=50)


def job_of(home: TrainedHome, source: Path, name: str) -> Job:
    """Make a job that answers into a folder beside its source."""
    return Job(source, source.parent / name, home.path / "models", home.run_id)


def tag_here(job: Job) -> None:
    """Tag all partitions in this process."""
    job.answers.mkdir(parents=True)
    for partition in job.partitions():
        tag_partition(partition, job)


def test_nothing_is_lost_and_nothing_done_twice(
    trained_home: TrainedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker killed, then the driver, then a second start: the answers of an undisturbed job.

    The second start tags the partitions that were left and no other, and sweeps up.
    """
    monkeypatch.setenv("BENTOML_HOME", str(trained_home.path))
    # Large enough that half of the work is left by the time the kill arrives.
    source = texts_in(tmp_path / "texts", each=2_000)
    undisturbed = job_of(trained_home, source, "undisturbed")
    tag_here(undisturbed)
    job = job_of(trained_home, source, "disturbed")
    killed = kill_and_resume(job, 2, undisturbed)
    assert killed.same_as_undisturbed
    assert 0 < killed.there_at_the_kill < PARTITIONS
    assert killed.done_by_the_second_start == PARTITIONS - killed.there_at_the_kill
    assert different_ids(job) == (40_000, 40_000)
    assert check(job) == 40_000


def test_answers_are_those_of_the_command(
    trained_home: TrainedHome, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of all partitions, put together, get from `tagger tag` the answers of the job."""
    monkeypatch.setenv("BENTOML_HOME", str(trained_home.path))
    job = job_of(trained_home, source, "answers")
    tag_here(job)
    assert compare_with_command(job, tmp_path, rows=100) == 100


@pytest.mark.parametrize("fault", ["missing", "lost", "twice", "swapped", "untagged"])
def test_check_finds_what_is_amiss(trained_home: TrainedHome, source: Path, fault: str) -> None:
    """A partition or row without answer, a row lost, twice, or in another's place is told.

    What it says to do makes good the job.
    """
    job = job_of(trained_home, source, "answers")
    tag_here(job)
    check(job)
    answer = job.answer(job.partitions()[3])
    lines = answer.read_text().splitlines(keepends=True)
    if fault == "missing":
        answer.unlink()
    else:
        changed = {
            "lost": lines[:-1],
            "twice": [*lines, lines[-1]],
            "swapped": [lines[1], lines[0], *lines[2:]],
            "untagged": (source / answer.name).read_text().splitlines(keepends=True),
        }
        answer.write_text("".join(changed[fault]))
    with pytest.raises(FaultyRows, match=job.partitions()[3]) as told:
        check(job)
    assert "start the job again." in str(told.value)
    if answer.exists():
        assert f"Remove {answer}" in str(told.value)
        answer.unlink()
    for partition in job.left():
        tag_partition(partition, job)
    check(job)


def test_a_faulty_partition_stops_no_other(trained_home: TrainedHome, source: Path) -> None:
    """The others are tagged, the fault is told by partition and row, once, and the status is 2."""
    (source / "part-00007.jsonl").write_text('{"id": 1, "text": "fine"}\nnot JSON\n')
    out = source.parent / "out"
    done = run_python(
        *("-m", "bulk", "tag", str(source), str(out), "--workers", "1"), home=trained_home.path
    )
    assert done.returncode == 2, done.stderr
    assert "part-00007.jsonl: Row 2" in done.stdout
    assert "\nError: 1 of 20 partitions" in f"\n{done.stderr}"  # Dask may warn of a busy machine
    assert len(list((out / trained_home.run_id).iterdir())) == PARTITIONS - 1


@pytest.fixture
def client() -> Iterator[Client]:
    """A cluster of one worker, in this process."""
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        yield client


def test_what_the_system_denies_is_tried_again(
    trained_home: TrainedHome, source: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive that is away twice costs nothing; a partition's own fault is told at once."""
    away = {"part-00003.jsonl": 2, "part-00004.jsonl": 3}
    (source / "part-00005.jsonl").write_text("not JSON\n" * 2)
    tried: list[str] = []

    def on_a_drive(partition: str, job: Job) -> int | None:
        tried.append(partition)
        if tried.count(partition) <= away.get(partition, 0):
            raise UnreadableTable(f"{partition} is away.") from OSError()
        return tag_partition(partition, job)

    monkeypatch.setattr("bulk.job.tag_partition", on_a_drive)
    job = job_of(trained_home, source, "answers")
    told: list[Done] = []
    faults = {done.partition: done.fault for done in tag_all(client, job, told.append)}
    assert sorted(faults) == ["part-00004.jsonl", "part-00005.jsonl"]
    assert faults["part-00004.jsonl"] == "part-00004.jsonl is away."
    assert sorted(done.partition for done in told) == list(job.partitions())
    assert [tried.count(name) for name in job.partitions()[2:7]] == [1, 3, 3, 1, 1]


def test_what_is_half_written_goes_once_all_is_there(
    trained_home: TrainedHome, source: Path, client: Client
) -> None:
    """While an answer is wanted, a worker that was thought dead may still be writing it."""
    faulty = source / "part-00005.jsonl"
    faulty.write_text("not JSON\n" * 2)
    job = job_of(trained_home, source, "answers")
    job.answers.mkdir(parents=True)
    half_written = job.answers / ".part-00005.jsonl.x.unfinished"
    half_written.touch()
    assert len(tag_all(client, job, lambda _: None)) == 1
    assert half_written.exists()
    faulty.write_text('{"text": "onion"}\n')
    assert tag_all(client, job, lambda _: None) == []
    assert not half_written.exists()
    assert check(job) == (PARTITIONS - 1) * 50 + 1


def test_a_folder_without_partitions_is_refused(trained_home: TrainedHome, tmp_path: Path) -> None:
    """What is hidden, marked as no table, or a folder is no partition."""
    source = tmp_path / "texts"
    (source / "folder.csv").mkdir(parents=True)
    for name in (".part.csv.crc", "_SUCCESS"):
        (source / name).touch()
    with pytest.raises(UnreadableTable, match="no file to tag"):
        job_of(trained_home, source, "answers").partitions()


def test_a_scheduler_without_a_port_is_refused(trained_home: TrainedHome, source: Path) -> None:
    """Dask's own words for it came with a trace."""
    command = ("-m", "bulk", "tag", str(source), str(source.parent / "answers"))
    refused = run_python(*command, "--scheduler", "tcp://scheduler", home=trained_home.path)
    assert refused.returncode == 2
    assert "tcp://scheduler:8786" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_workers_of_several_threads_are_refused(trained_home: TrainedHome, source: Path) -> None:
    """They would share one model, which is for one thread at a time; one such is one too many."""
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        cluster.new_spec["options"]["nthreads"] = 1
        cluster.scale(2)
        client.wait_for_workers(2)
        assert sorted(client.nthreads().values()) == [1, 2]
        with pytest.raises(SettingsError, match="--nthreads 1"):
            tag_all(client, job_of(trained_home, source, "answers"), lambda _: None)


def test_texts_may_stand_in_any_column(trained_home: TrainedHome, tmp_path: Path) -> None:
    """Options name the columns, as `tagger tag` has them; without, the message names the option."""
    source = tmp_path / "texts"
    source.mkdir()
    (source / "part.csv").write_text("body\nBroth and onion in a skillet\n")
    command = ("-m", "bulk", "tag", str(source), str(tmp_path / "out"), "--workers", "1")
    refused = run_python(*command, home=trained_home.path)
    assert refused.returncode == 2
    assert "--text-column" in refused.stdout
    done = run_python(*command, "--text-column", "body", home=trained_home.path)
    assert done.returncode == 0, done.stderr
    answer = (tmp_path / "out" / trained_home.run_id / "part.csv").read_text()
    assert answer.splitlines()[1].split(",")[1] == "cooking"


@pytest.mark.parametrize(
    ("name", "content", "answered"),
    [
        ("part.tsv", "id\ttext\n1\tonion\n", "part.tsv.jsonl"),
        ("PART.CSV", "text\nonion\n", "PART.CSV.jsonl"),
        ("part.json", '{"text": "onion"}\n', "part.json"),
        ("part.csv", "id,text\n", "part.csv"),
        ("part.csv", "text,predicted_tags\nonion,pots\n", "part.csv"),
        ("part.csv", "text,note,note\nonion,a,b\n", "part.csv"),
        ("part.csv", "text,note\nonion\nonion,a\n", "part.csv"),
        ("part.tsv", "text\tnote\tnote\nonion\ta\tb\n", "part.tsv.jsonl"),
    ],
)
def test_check_reads_what_the_job_wrote(
    trained_home: TrainedHome, tmp_path: Path, name: str, content: str, answered: str
) -> None:
    """Whatever a table is called, whatever its columns, and where it has no rows."""
    source = tmp_path / "texts"
    source.mkdir()
    (source / name).write_text(content)
    for left_out in ("_SUCCESS", "part-00007.jsonl"):
        (source / left_out).touch()
    job = job_of(trained_home, source, "answers")
    tag_here(job)
    assert [path.name for path in job.answers.iterdir()] == [answered]
    assert check(job) == content.count("onion")


def test_two_partitions_never_share_a_file_of_answers(
    trained_home: TrainedHome, source: Path
) -> None:
    """Where one partition lies there packed and unpacked, the job is refused."""
    (source / "part-00001.jsonl.gz").write_bytes(b"whatever")
    with pytest.raises(UnreadableTable, match=r"part-00001\.jsonl"):
        job_of(trained_home, source, "answers").partitions()


def test_made_up_texts_depend_on_the_seed_alone(tmp_path: Path) -> None:
    """The same seed makes the same files, another makes others."""
    found = []
    for number, seed in enumerate((5, 5, 6)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_partitions(folder, texts=30, partitions=3, seed=seed)
        found.append([path.read_text() for path in sorted(folder.iterdir())])
    assert found[0] == found[1]
    assert found[0] != found[2]
