"""Dialogs that stand beside the window, never in the way."""
