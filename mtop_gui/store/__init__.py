"""Decisions and cached Predictions: kept, undone, merged and exported."""
