"""Architectures, ModelBundle, Predictor and saliency."""
