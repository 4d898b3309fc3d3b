"""Views of a results file, one per module."""
