"""The worker in Kubernetes: where its gateway is, and how much it would cost to delete its pod.

The agent enters by ``following.py`` alone. A worker whose settings ask for neither needs neither the client library
nor a cluster.
"""
