"""One reader file per FITS layout."""
