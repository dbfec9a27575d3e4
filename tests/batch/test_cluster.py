"""The same catalogue from a Dask cluster as from this process, also when workers are lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed")

import dask
from distributed import KilledWorker

from mtop_gui.batch import Asked, predict_catalogue, predict_rows
from mtop_gui.batch.chunks import Done, cut
from mtop_gui.batch.cluster import Cluster
from mtop_gui.batch.predict import Place
from mtop_gui.core.errors import BundleError, MtopError
from mtop_gui.core.events import Advanced, Cancelled, Failed
from mtop_gui.core.line_columns import fit_columns
from tests.batch.fake_cluster import fake_cluster, worker_pids
from tests.batch.fakes import FakeFiles, FakePredictor

pytestmark = [
    # Dask's own: sockets and processes of a cluster that is taken down while it works.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PATHS = [Path(f"{number}-{1 + number % 3}.fits") for number in range(60)]
ASKED = Asked(batch_size=8)


@pytest.fixture(scope="module")
def running():
    with dask.config.set({"distributed.scheduler.allowed-failures": 2}), fake_cluster() as found:
        yield found


def here(paths=PATHS):
    return predict_catalogue(paths, FakePredictor(), read=FakeFiles(), batch_size=8)


def there(address, paths=PATHS, *, label="fake 1", files_per_chunk=8, **options):
    with Cluster(address) as cluster:
        found = cluster.predict_rows(paths, "x", label, ASKED, files_per_chunk=files_per_chunk, **options)
        return [row for some in found for row in some.rows]


def same(rows, others):
    return [repr(row) for row in rows] == [repr(row) for row in others]


def test_rows_and_events_are_those_of_a_run_here(running):
    address, _ = running
    events = []
    paths = [*PATHS[:20], Path("bad.fits"), *PATHS[20:]]
    assert same(there(address, paths, report=events.append), here(paths))
    assert [event for event in events if isinstance(event, Failed)] == [
        Failed(Path("bad.fits"), "no flux column was found")
    ]
    assert [event.total for event in events if isinstance(event, Advanced)][-1] == 61


def test_it_goes_on_from_a_place(running):
    address, _ = running
    rows = there(address, begin=Place(10, 1))
    assert same(rows, here()[sum(1 + number % 3 for number in range(10)) + 1 :])


def test_lines_are_fitted_there_too(running):
    address, _ = running
    asked = Asked(batch_size=8, lines=True)
    with Cluster(address) as cluster:
        found = cluster.predict_rows(PATHS[:8], "x", "fake 1", asked)
        rows = [row for some in found for row in some.rows]
    expected = predict_rows(PATHS[:8], FakePredictor(), asked, read=FakeFiles())
    assert fit_columns(rows) == fit_columns([row for some in expected for row in some.rows])
    assert all(fit_columns(rows)["fit_warning"])


def test_chunks_lie_the_same_wherever_it_is_begun():
    assert list(cut(20, Place(), 8)) == [(0, 8, 0), (8, 16, 0), (16, 20, 0)]
    assert list(cut(20, Place(10, 3), 8)) == [(10, 16, 3), (16, 20, 0)]
    assert list(cut(8, Place(8), 8)) == []


def test_a_lost_worker_changes_nothing(running):
    address, client = running
    before = worker_pids(client)
    killed = []

    def report(event):
        if isinstance(event, Advanced) and event.done >= 8 and not killed:
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)

    assert same(there(address, report=report), here())
    assert killed
    assert killed[0] not in worker_pids(client)


class Deadly:
    """A future of a chunk that ended its workers, or what was made of one that did not."""

    def __init__(self, paths):
        self.paths = paths

    def result(self):
        if any("deadly" in path.name for path in self.paths):
            raise KilledWorker("predict_chunk", None, 3)
        return Done(predict_catalogue(self.paths, FakePredictor(), read=FakeFiles(), batch_size=8), [])


class DeadlyClient:
    """Stands for a cluster whose workers end at a file called "deadly"."""

    def submit(self, work, paths, *arguments, **options):
        return Deadly(paths)

    def ncores(self):
        return {"a": 1}

    def cancel(self, futures):
        pass


def test_a_file_that_ends_its_workers_is_a_row():
    cluster = Cluster.__new__(Cluster)
    cluster._client = DeadlyClient()
    cluster._wait = lambda future, waiting: waiting()
    paths = [*PATHS[:5], Path("deadly.fits"), *PATHS[5:8]]
    events = []
    some = cluster.predict_rows(paths, "x", "fake 1", ASKED, files_per_chunk=3, report=events.append)
    rows = [row for each in some for row in each.rows]
    assert rows[9].error.startswith("cannot be predicted: it ends every worker")
    assert same([row for row in rows if not row.error], here(PATHS[:8]))
    assert [event.path.name for event in events if isinstance(event, Failed)] == ["deadly.fits"]


def test_another_bundle_there_is_one_sentence(running):
    address, _ = running
    with pytest.raises(BundleError, match="a worker has bundle fake 1, not fake 2"):
        there(address, label="fake 2")


def test_cancelling_takes_the_chunks_back(running):
    address, client = running

    def report(event):
        if isinstance(event, Advanced) and event.done:
            raise Cancelled

    with pytest.raises(Cancelled):
        there(address, report=report)
    deadline = time.monotonic() + 20
    while any(client.processing().values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_scheduler_is_one_sentence(tmp_path):
    with pytest.raises(MtopError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9", timeout=0.5)
