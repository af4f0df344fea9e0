"""The runtime of tasks: threads, progress, the folder of the user's own files."""
