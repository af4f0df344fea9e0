"""Deployment of Stenoflow: deployments, automations, images, the command line, the server, the relay."""
