"""Images made of programs that this machine has, with all that they need to run.

Nothing here talks to the daemon, which may be on another machine: the result is an archive.
"""

from boxship.capture.build import CaptureReport, build

__all__ = ["CaptureReport", "build"]
