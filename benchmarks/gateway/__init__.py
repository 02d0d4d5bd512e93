"""The parts of ``benchmarks.relay``: servers, clients, load and scaling."""
