"""Body of ``POST /containers/{id}/update``."""

import msgspec

from boxship.types.host_config import Resources, RestartPolicy


class UpdateRequest(Resources):
    """New limits; zero and ``None`` leave a limit as it is."""

    restart_policy: RestartPolicy = msgspec.field(default_factory=RestartPolicy)
