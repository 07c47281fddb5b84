"""The stages of a return, a file each."""
