"""The coordinator's HTTP and WebSocket surface: pages, workers, operators, health and metrics.

The only folder that speaks aiohttp. Imports every other folder; ``app.py`` alone imports it.
"""
