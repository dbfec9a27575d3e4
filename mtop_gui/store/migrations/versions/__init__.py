"""One file per revision, oldest first; a file that was released is never edited."""
