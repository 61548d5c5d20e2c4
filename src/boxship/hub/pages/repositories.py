"""The list of repositories, and one repository with its tags."""

from boxship.hub.answers import Answer
from boxship.hub.pages.page import render
from boxship.hub.pages.viewer import shown, viewer_of
from boxship.hub.request import Request
from boxship.oci.media_types import INDEXES

_PAGE = 100


async def list_page(request: Request) -> Answer:
    viewer = await viewer_of(request)
    after = request.option("last")
    found = await request.hub.metadata.visible(viewer.user, after, _PAGE + 1)
    return render(
        request,
        "repositories.html",
        viewer,
        repositories=found[:_PAGE],
        following=found[_PAGE - 1].name if len(found) > _PAGE else "",
        after=after,
    )


async def repository_page(request: Request) -> Answer:
    viewer = await viewer_of(request)
    name = request.params["name"]
    repository = await shown(request, viewer, name)
    after = request.option("last")
    found = await request.hub.metadata.tags(repository.id, after, _PAGE + 1)
    return render(
        request,
        "repository.html",
        viewer,
        repository=repository,
        tags=found[:_PAGE],
        following=found[_PAGE - 1].name if len(found) > _PAGE else "",
        after=after,
        indexes=INDEXES,
        host=request.origin.partition("://")[2],
    )
