"""Which components a method combines: pipelines, profiles, runners and the `rlvr` command."""
