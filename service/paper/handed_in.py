"""Papers that people hand in as files: what is taken (PDF, JPEG, PNG), told by the content and never by the name."""

import io
import re
from typing import BinaryIO, Final, NamedTuple

from PIL import Image, UnidentifiedImageError

from service.errors import Refusal, Text

LARGEST: Final = 10_000_000
"""The largest file that is taken, in bytes."""

_MOST_PIXELS: Final = 50_000_000
_TAIL: Final = 1024
_PDF: Final = b"%PDF-"
_PDF_END: Final = b"%%EOF"
_ACTIVE: Final = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|OpenAction\s*<<[^>]*/URI)\b")
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_IMAGES: Final = {"JPEG": "image/jpeg", "PNG": "image/png"}
_ENDS: Final = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}


class DocumentRefused(Refusal):
    """The file is empty, too large, cut off, holds something that runs, or is no PDF, JPEG or PNG."""

    code = "document.refused"
    title = Text("文件不能接收", "The file is not taken")


class Paper(NamedTuple):
    """A file that was taken: its bytes, and what they are."""

    content: bytes
    media_type: str


def taken(file: BinaryIO) -> Paper:
    """Read a file that was handed in. Raises document.refused, saying what is wrong with it."""
    content = file.read(LARGEST + 1)
    if not content:
        raise _refused("文件是空的，请重新选择。", "The file is empty: choose it again.")
    if len(content) > LARGEST:
        most = LARGEST // 1_000_000
        raise _refused(f"文件超过 {most} MB，请缩小后提交。", f"The file has more than {most} MB: send a smaller one.")
    if content.startswith(_PDF):
        return _pdf(content)
    return _image(content)


def _pdf(content: bytes) -> Paper:
    if _PDF_END not in content[-_TAIL:]:
        raise _refused("PDF 文件不完整，请重新生成。", "The PDF is cut off: make it again.")
    # A name may be spelled with escapes (/J#61vaScript), for readers and for whoever would hide it.
    if _ACTIVE.search(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), content)):
        raise _refused(
            "PDF 中含有可执行的内容，请打印为普通 PDF 后提交。",
            "The PDF holds something that runs: print it to a plain PDF.",
        )
    return Paper(content, "application/pdf")


def _image(content: bytes) -> Paper:
    try:
        with Image.open(io.BytesIO(content), formats=list(_IMAGES)) as image:
            kind, pixels = str(image.format), image.width * image.height
            image.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise _refused("只接收 PDF、JPEG 或 PNG 文件。", "Only PDF, JPEG and PNG files are taken.") from None
    if pixels > _MOST_PIXELS:
        raise _refused("图片尺寸过大，请缩小后提交。", "The picture is too large: send a smaller one.")
    if _ENDS[kind] not in content[-_TAIL:]:
        raise _refused("图片不完整，请重新拍摄或保存。", "The picture is cut off: save it again.")
    return Paper(content, _IMAGES[kind])


def _refused(zh: str, en: str) -> DocumentRefused:
    return DocumentRefused(Text(zh, en), pointer="/file")
