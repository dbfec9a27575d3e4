"""Where a training stands, in one file: enough to go on exactly as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from mtop_gui.core.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "checkpoint.npz"


@dataclass
class Progress:
    """Facts about a training that change from epoch to epoch.

    Attributes
    ----------
    recipe : what the training was started with; resuming with another recipe is refused.
    epoch : epochs completed.
    best_loss, best_epoch : lowest validation loss so far, and after which epoch.
    history : one dict of logs per epoch.
    seconds : spent training so far.
    """

    recipe: dict[str, Any]
    epoch: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0

    def stalled(self, patience: int) -> bool:
        """Tell whether the validation loss has not improved for `patience` epochs."""
        return self.epoch - self.best_epoch >= patience


def save_checkpoint(folder: Path, progress: Progress, model: Any) -> None:
    """Write progress, weights, dropout generators and optimizer state; the old file stays until the new one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    state = json.dumps(asdict(progress)).encode()
    arrays: dict[str, Any] = {f"v{i:04d}": np.asarray(v) for i, v in enumerate(_variables(model))}
    part = folder / f"{FILE}.part"
    with part.open("wb") as stream:
        np.savez(stream, state=np.frombuffer(state, np.uint8), **arrays)
    part.replace(folder / FILE)


def has_checkpoint(folder: Path) -> bool:
    """Tell whether a training was begun in `folder`."""
    return (folder / FILE).is_file()


def read_progress(folder: Path) -> Progress:
    """Read the facts of a checkpoint.

    Raises
    ------
    TrainingError : there is none, or it is damaged.
    """
    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            values = json.loads(arrays["state"].tobytes())
        return Progress(**{item.name: values[item.name] for item in fields(Progress)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"there is no training to resume in {folder}: start without --resume") from error


def restore_variables(folder: Path, model: Any) -> None:
    """Put weights, dropout generators and optimizer state of a checkpoint into a compiled model.

    Raises
    ------
    TrainingError : they do not fit this model.
    """
    with np.load(folder / FILE, allow_pickle=False) as arrays:
        for index, variable in enumerate(_variables(model)):
            array = arrays.get(f"v{index:04d}")
            if array is None or array.shape != tuple(variable.shape):
                raise TrainingError(
                    f"the checkpoint in {folder} is of another network: start without --resume"
                )
            variable.assign(array)


def _variables(model: Any) -> list[Any]:
    """List all that changes in training, in an order that the same architecture always repeats."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    seeds = [layer.seed_generator.state for layer in model.layers if hasattr(layer, "seed_generator")]
    return [*model.weights, *seeds, *model.optimizer.variables]
