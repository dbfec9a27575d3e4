"""The frozen program's window."""

from multiprocessing import freeze_support

freeze_support()

from mtop_gui.commands.window import main  # noqa: E402

if __name__ == "__main__":
    main()
