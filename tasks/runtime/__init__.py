"""What tasks run with: threads, progress, the folder of the user's own files."""
