"""The frozen program's command line."""

from multiprocessing import freeze_support

freeze_support()

from mtop_gui.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
