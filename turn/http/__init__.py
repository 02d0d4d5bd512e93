"""What a gateway shows over HTTP: health, metrics, and credentials by REST.

Imports the gateway and what is below it; the node imports it.
"""
