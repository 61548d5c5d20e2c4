"""Dockerfile to image: text → instructions → plan (all pure) → solver → layers.

``dockerfile`` is the language, ``instructions`` what each instruction says and does, ``plan`` the
graph of stages, and the solver carries it out with the means that the engine hands in.
"""
