"""The arguments, options and exit statuses of the commands, one module each.

What a command does is imported when it runs: ``stenoflow --help`` answers at once, and Prefect, which
reads its settings when it is first imported, is imported after they are made.
"""
