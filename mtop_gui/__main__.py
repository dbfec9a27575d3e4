"""``python -m mtop_gui`` is ``mtop``."""

from __future__ import annotations

from mtop_gui.cli import main

if __name__ == "__main__":
    main()
