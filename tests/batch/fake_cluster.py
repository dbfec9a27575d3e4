"""A small Dask cluster in which fakes stand for files and network."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

from distributed import Client, LocalCluster, WorkerPlugin

from mtop_gui import io
from mtop_gui.batch import chunks
from tests.batch.fakes import FakeFiles, FakePredictor


class PatientPredictor(FakePredictor):
    """Takes a moment for each batch."""

    def predict(self, spectra, *, mc_passes=1):
        time.sleep(0.05)
        return super().predict(spectra, mc_passes=mc_passes)


class Files(FakeFiles):
    """Reads from a place in a file on."""

    def __call__(self, path, first=0):
        return super().__call__(path)[first:]


class Fakes(WorkerPlugin):
    """Puts the fakes into each worker, those that replace a lost one included."""

    name = "fakes"

    def setup(self, worker):
        predictor = PatientPredictor()
        chunks.loaded = lambda bundle: predictor
        io.iter_rows = Files()


@contextmanager
def fake_cluster(workers=2):
    """Give the address of a cluster of processes, and a client to look into it."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs="CRITICAL",
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        client.register_plugin(Fakes())
        yield local.scheduler_address, client


def worker_pids(client):
    return sorted(client.run(os.getpid).values())
