"""The commands of `twin`, one module each: what it takes, what it does, what it prints."""
