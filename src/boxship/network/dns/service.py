"""The daemon's handle on the process that answers names (:mod:`boxship.sandbox.dns.process`)."""

from boxship.network.companion import Companion, Kind
from boxship.sandbox.dns.process import PROTOCOL


class Service(Companion):
    """*served*: ids of the containers that have a resolver."""

    kind = Kind("dns", PROTOCOL)
