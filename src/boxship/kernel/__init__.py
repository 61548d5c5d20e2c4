"""System calls, the only ones in Boxship: thin typed wrappers that raise :class:`OSError`.

Nothing here imports asyncio, threading, sqlite3, subprocess or logging, and nothing is imported
lazily: forked code calls these functions from inside container roots.
"""
