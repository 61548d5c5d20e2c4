"""``/v2/``: is this a registry, and is the caller logged in? (end-1)"""

from boxship.hub.answers import Answer, json_answer
from boxship.hub.auth.access import bearer_of
from boxship.hub.request import Request


async def support(request: Request) -> Answer:
    """Asks for a token in any case: this is how Docker's clients learn where to get one."""
    bearer_of(request)
    return json_answer({})
