"""PocketSphinx, which runs on this machine, for trying Stenoflow out.

Nothing is imported here: the engine's libraries are heavy, and its declaration must stay light.
"""
