"""Walks the docker CLI through container, image and system commands on two engines and compares.

``python -m e2e.walk record`` keeps dockerd's answers; ``compare`` runs Boxship against them.
"""
