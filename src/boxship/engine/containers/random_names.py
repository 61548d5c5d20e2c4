"""Names for containers that were given none."""

import random
from collections.abc import Callable

_LEFT_WORDS = """
    able agile amber ample apt bold brave bright brisk calm candid clear clever cosy crisp daring
    deft eager early easy fair fleet fond free fresh gentle glad golden grand happy hardy jolly
    keen kind light lively loyal lucid lucky mellow merry mild modest neat nimble noble open
    patient plain polite proud quick quiet rapid ready robust rosy serene sharp silver sleek smart
    solid spry steady still stout sunny swift tidy true upbeat vivid warm wise witty zesty
"""
_RIGHT_WORDS = """
    anchor atlas barge beacon bosun bow bridge brig buoy cabin canal canvas captain cargo channel
    clipper coast compass convoy coral cove crane crew current cutter deck delta dock dory drift
    estuary ferry fleet fjord galley gangway gull gulf halyard harbour hatch haven hawser helm hold
    hull island jetty jib keel ketch lagoon lantern launch liner lock lugger marina mast mooring
    oar outrigger pier pilot port quay raft reef rigging rudder sail schooner sextant shoal skiff
    sloop spar stern strait tanker tide tiller trawler tug voyage wharf winch yawl
"""
_LEFT, _RIGHT = _LEFT_WORDS.split(), _RIGHT_WORDS.split()
_TRIES = 50


def random_name(taken: Callable[[str], bool]) -> str:
    """Two words, and a number where all tries are *taken*. They need not be hard to guess."""
    for _ in range(_TRIES):
        name = f"{random.choice(_LEFT)}_{random.choice(_RIGHT)}"
        if not taken(name):
            return name
    return f"{random.choice(_LEFT)}_{random.choice(_RIGHT)}{random.randrange(1 << 30)}"
