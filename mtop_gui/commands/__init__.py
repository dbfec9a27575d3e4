"""What each command of ``mtop`` does; `mtop_gui.cli` only declares their options."""
