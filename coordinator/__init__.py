"""The coordinator: serves the page, the game library and signalling, and keeps the registry of workers.

It never sees media or input; those go between browser and worker alone.
"""
