"""The page that says why there is no page."""

from boxship.hub.answers import Answer
from boxship.hub.pages.page import render
from boxship.hub.pages.viewer import Viewer
from boxship.hub.request import Request
from boxship.oci.distribution.errors import DistributionError


def refusal_page(request: Request, error: DistributionError) -> Answer:
    """Without the viewer's name: finding it out may be what failed."""
    return render(
        request,
        "refusal.html",
        Viewer(None),
        status=error.status,
        headers=[*error.headers],
        message=str(error),
    )
