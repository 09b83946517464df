"""The measuring rig behind bench/run."""
