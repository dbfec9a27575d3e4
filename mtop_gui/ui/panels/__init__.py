"""The docks: browser, batch, review."""
