"""From a ModelBundle to keras.Models that compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from mtop_gui.core.errors import BundleError
from mtop_gui.network.architectures import build, find_architecture
from mtop_gui.network.restframe_forward import RestframeForward

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


def forward_model(bundle: ModelBundle) -> Any:
    """Give what computes a bundle's outputs fastest: has `predict_on_batch`, and a gradient, as a keras.Model has."""
    if bundle.architecture == "restframe":
        return RestframeForward(bundle.config, bundle.weights)
    return inference_model(bundle)


def sampling_models(bundle: ModelBundle) -> tuple[Any, Any]:
    """Build the two halves of a network for MC-dropout passes: what all passes share, and what each does anew.

    Returns
    -------
    shared : keras.Model from the spectrum (n, n_pix, 1) to what `sampled` takes in its place; None when the architecture
        drops from the first layer on.
    sampled : keras.Model from that (n, …) and the continuum (n, n_points), in a list, to the network's outputs; every
        call is one pass.
    """
    import keras

    whole = inference_model(bundle, sampling=True)
    spectrum, continuum = whole.input["spectrum"], whole.input["continuum"]
    name = find_architecture(bundle.architecture).before_dropout(bundle.config)
    boundary = whole.get_layer(name).output if name else spectrum
    shared = keras.Model(spectrum, boundary) if name else None
    sampled = keras.Model([boundary, continuum], whole.output)
    for part in (shared, sampled):
        if part is not None:
            part.compile(jit_compile=False)
    return shared, sampled


def reset_dropout(model: Any, seed: int) -> None:
    """Put the random generators of all dropout layers to a state that follows from `seed` and the layer's name."""
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([seed, crc32(layer.name.encode())])
