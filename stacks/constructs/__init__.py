"""One capability each. A construct makes resources; the stack decides which and grants."""
