"""What each command does, one module per command or family of commands."""
