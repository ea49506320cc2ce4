"""AWS on this machine: moto, and what is ours in its place where that is not true enough."""
