"""From a ModelBundle to keras.Models that compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtop_gui.core.errors import BundleError
from mtop_gui.network.architectures import build, find_architecture

if TYPE_CHECKING:
    from mtop_gui.network.bundle import ModelBundle


def inference_model(bundle: ModelBundle, *, sampling: bool = False) -> Any:
    """Build the bundle's network in float32 with its weights, plus the output ``embedding``.

    Parameters
    ----------
    sampling : every call is one MC-dropout pass.

    Raises
    ------
    BundleError : weights and architecture do not fit.
    """
    import keras

    model = build(bundle.architecture, bundle.config, sampling=sampling)
    variables = {variable.path: variable for variable in model.weights}
    if set(variables) != set(bundle.weights):
        raise BundleError(
            f"the weights of bundle '{bundle.name}' do not fit its architecture: copy or train it anew"
        )
    for path, variable in variables.items():
        variable.assign(bundle.weights[path])
    parts = [model.get_layer(name).output for name in find_architecture(bundle.architecture).embedding]
    embedding = keras.layers.Concatenate(name="embedding")(parts)
    whole = keras.Model(model.input, {**model.output, "embedding": embedding}, name=bundle.architecture)
    # XLA does not help on CPUs and compiles for seconds at every new batch size.
    whole.compile(jit_compile=False)
    return whole


def reset_dropout(model: Any, seed: int) -> None:
    """Put the random generators of all dropout layers to a state that follows from `seed`."""
    for number, layer in enumerate(model.layers):
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([seed, number])
