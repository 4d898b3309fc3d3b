"""The balls of the oracle, against implementations that are correct by construction."""
