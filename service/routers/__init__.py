"""The routes, one module per noun. A route reads its request, calls what does the work, and says what came of it."""
