"""What the service itself costs above the LLM's time."""
