"""Templates → HTML → PDF. WeasyPrint is imported only when something is printed: that takes half a second."""

from __future__ import annotations

import hashlib
import logging
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from idp_sync.domain.errors import NotSetUp

#: what the addresses of images begin with; no other address is fetched
SHIPPED: Final = "idp-sync:/"

#: the common ideographs: a font without them is no Chinese font
_COMMON: Final = range(0x4E00, 0x9FA6)
_NO_FONT: Final = "本机没有中文字体，不能打印，请安装 / no Chinese font here: apt-get install fonts-wqy-zenhei"
_NO_LIBRARY: Final = (
    "缺少排版程序库，请安装 / libraries for printing are missing: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that a page shows."""

    content: bytes
    media_type: str


def page(templates: Path, name: str, **values: object) -> str:
    """A template, filled; every value is escaped.

    Raises:
        NotSetUp: the template is missing.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.get_template(name).render(**values)
    except jinja2.TemplateNotFound as error:
        raise NotSetUp(f"{templates}: 缺少模板 / template is missing: {error.name}") from None


def pdf(html: str, images: Mapping[str, Image] | None = None) -> bytes:
    """A page as PDF: for the same page, images and fonts the same bytes; nothing is fetched.

    A character that no font of the machine has is printed as its code (U+20BB7), with a note at the foot: an empty box
    would make two names one.

    Raises:
        NotSetUp: there is no Chinese font, or the libraries of WeasyPrint are missing.
        ValueError: the page names something that did not come with it.
    """
    made, missing = typeset(html, images)
    refuse_without_chinese(missing)
    if missing:
        made, _ = typeset(_named_by_code(html, missing), images)
    return made


def typeset(html: str, images: Mapping[str, Image] | None = None) -> tuple[bytes, frozenset[int]]:
    """The PDF, and the characters that no font has; for the same page the same bytes, and nothing is fetched."""
    _make_ready()
    import weasyprint  # noqa: PLC0415 - see above
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class Shipped(URLFetcher):  # type: ignore[misc] # weasyprint has no types
        """Gives the images that came with the page, and refuses everything else."""

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ANN401, ARG002
            image = (images or {}).get(url.removeprefix(SHIPPED))
            if image is None:
                raise FatalURLFetchingError(f"not shipped with the page: {url[:60]}")
            return URLFetcherResponse(url, image.content, {"Content-Type": image.media_type})

    # fonts are named by what is on the page: the identifier only has to be the same for the same page
    identifier = hashlib.sha256(html.encode("utf-8", "surrogatepass")).digest()[:16]
    with _missing_glyphs() as missing:
        document = weasyprint.HTML(string=html, url_fetcher=Shipped(), base_url=SHIPPED)
        try:
            made: bytes = document.write_pdf(pdf_identifier=identifier)
        except FatalURLFetchingError as error:
            # no Exception, so that WeasyPrint can't go on without the picture; to others it is one
            raise ValueError(str(error)) from None
    return made, frozenset(missing)


def refuse_without_chinese(missing: frozenset[int]) -> None:
    """Raise NotSetUp where common ideographs are missing: then no font here is a Chinese one."""
    if any(code in _COMMON for code in missing):
        raise NotSetUp(_NO_FONT)


@cache
def _make_ready() -> None:
    """Make sure once that this machine can print at all: without any font Pango would end the whole process.

    WeasyPrint warns of that when it is imported. Raises NotSetUp.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*Expect ugly output")
            import weasyprint  # noqa: F401, PLC0415 - see above
    except OSError as error:
        raise NotSetUp(f"{_NO_LIBRARY}: {error}") from None
    except UserWarning:
        raise NotSetUp(_NO_FONT) from None


class _Listener(logging.Handler):
    """Hears, for one thread, which characters WeasyPrint has no glyph for: it says so in its log only."""

    def __init__(self, missing: set[int]) -> None:
        super().__init__(logging.WARNING)
        self._missing = missing
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and ".notdef" in str(record.msg) and isinstance(record.args, tuple):
            self._missing.update(code for code in record.args if isinstance(code, int))


@contextmanager
def _missing_glyphs() -> Iterator[set[int]]:
    missing: set[int] = set()
    listener = _Listener(missing)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(listener)
    try:
        yield missing
    finally:
        logger.removeHandler(listener)


def _named_by_code(html: str, missing: frozenset[int]) -> str:
    """The page with these characters as their codes, and a note that says so. Attributes bear no words of people."""
    head, body = html.split("<body>", 1)
    for code in missing:
        body = body.replace(chr(code), f'<span class="unprintable">U+{code:04X}</span>')
    codes = "、".join(f"U+{code:04X}" for code in sorted(missing))
    note = f'<p class="unprintable-note">本机字体缺字，以编码代替，请手工填写：{codes}</p>'
    return f"{head}<body>{body.replace('</body>', f'{note}</body>')}"
