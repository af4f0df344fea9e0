"""The command line: what each command does, and in ``commands`` its options."""
