"""The warehouse: records every notice, repeats too."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from domain.record import Record
from sandbox.bodies import Id, TimedBody
from sandbox.books import Book, Books, Draft
from sandbox.faults import Target


class NoticeBody(TimedBody):
    """A parcel to expect, or goods to put somewhere."""

    notice_id: Id
    rma_id: Id
    subject: Id
    details: dict[str, str | int]


class NoticeAnswer(Record):
    """A notice was taken."""

    notice_id: str


def warehouse_router(books: Books, route_class: type[APIRoute]) -> APIRouter:
    """Make the route of the warehouse."""
    router = APIRouter(prefix="/warehouse", tags=["warehouse"], route_class=route_class)

    @router.post("/notices", name=Target.NOTICE)
    async def notify(body: NoticeBody) -> NoticeAnswer:
        """Take a notice. Repeats are recorded as they come."""
        books.append(Draft(book=Book.WAREHOUSE, key=body.notice_id, at=body.at, data=body))
        return NoticeAnswer(notice_id=body.notice_id)

    return router
