"""The worker in Kubernetes: where its gateway is, and how much it would cost to delete its pod.

The agent enters by ``following.py`` alone. A worker that is told of neither needs neither the client library nor a
cluster.
"""
