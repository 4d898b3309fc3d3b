"""From YAML files to concrete cases."""
