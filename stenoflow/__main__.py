"""``python -m stenoflow``: the command line."""

from stenoflow.deployments.cli.app import main

main()
