"""The routes: what each answers."""
