"""The pages, and the files that they load: everything from here, nothing from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from app.etags import answer, etag_of
from app.operations import described
from tagger.errors import UnknownResource

HERE = Path(__file__).parent
MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""Said here, because the system's own table differs from one machine to the next."""

OURS_ALONE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""For `/ui`, which shows callers' texts: no text can become a script, whatever slips."""
OURS_AND_INLINE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""For `/docs` and `/redoc`, whose libraries write styles into the page."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> File:
        """Read a file whole."""
        content = path.read_bytes()
        return cls(content, MEDIA_TYPES[path.suffix], etag_of(content))

    def answer(self, request: Request, *, policy: str | None = None) -> Response:
        """Send it, unless the caller has it already."""
        headers = {"x-content-type-options": "nosniff"}
        if policy:
            headers |= {"content-security-policy": policy, "referrer-policy": "no-referrer"}
        return answer(
            request, self.content, etag=self.etag, media_type=self.media_type, headers=headers
        )


def pages() -> APIRouter:
    """Make the routes of the pages and their files, which are read once, here."""
    router = APIRouter()
    ui = File.read(HERE / "page" / "page.html")
    docs = File.read(HERE / "docs" / "docs.html")
    redoc = File.read(HERE / "docs" / "redoc.html")
    assets = {
        path.name: File.read(path)
        for path in sorted([*(HERE / "docs").iterdir(), *(HERE / "page").iterdir()])
        if path.suffix in MEDIA_TYPES and path.suffix != ".html"
    }

    @router.get(**described("ui"), response_class=HTMLResponse)
    async def show_ui(request: Request) -> Response:
        """Show the page for people: paste a text, see its tags and which words earned them."""
        return ui.answer(request, policy=OURS_ALONE)

    @router.get(**described("docs"), response_class=HTMLResponse)
    async def show_docs(request: Request) -> Response:
        """Show this document as a page on which every route can be tried out."""
        return docs.answer(request, policy=OURS_AND_INLINE)

    @router.get(**described("redoc"), response_class=HTMLResponse)
    async def show_redoc(request: Request) -> Response:
        """Show this document as a page for reading."""
        return redoc.answer(request, policy=OURS_AND_INLINE)

    @router.get(**described("asset"), include_in_schema=False)
    async def asset(request: Request, file: str) -> Response:
        if file not in assets:
            raise UnknownResource("file", file, list(assets))
        return assets[file].answer(request)

    return router
