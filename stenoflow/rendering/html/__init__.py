"""The page: a single HTML file with the transcript, a player and a search."""
