"""The flows: what a person, a schedule or an event starts in Prefect."""
