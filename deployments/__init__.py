"""How Stenoflow ships: deployments, automations, images, the command line, the server, the relay."""
