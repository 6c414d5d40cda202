"""Addresses hidden in pictures: QR codes in inline and attached images."""

import io

from watchfloor.inspection import limits
from watchfloor.inspection.limits import Limits

_SMALLEST = 50
_WIDEST = 900


def qr_texts(data: bytes, cuts: Limits) -> list[str]:
    """The texts of the QR codes in an image file; none when it is no image or too large to be looked at."""
    if len(data) > limits.IMAGE:
        cuts.cut(f"image over {limits.IMAGE >> 20} MB not searched for QR codes")
        return []
    try:
        from PIL import Image
    except ImportError:
        cuts.cut("QR codes not searched: Pillow is not installed")
        return []
    try:
        Image.MAX_IMAGE_PIXELS = None  # our own limit below is stricter and is reported
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "BMP", "WEBP")) as image:
            width, height = image.size
            if width * height > limits.IMAGE_PIXELS:
                cuts.cut(f"image over {limits.IMAGE_PIXELS // 1_000_000} megapixels not searched for QR codes")
                return []
            if min(width, height) < _SMALLEST or max(width, height) > 8 * min(width, height):
                return []
            return _read(image)
    except Exception:
        return []  # Pillow raises a dozen types on broken images; a picture nobody can see holds no code


def _read(image: object) -> list[str]:
    import zxingcpp
    from PIL.Image import Image

    assert isinstance(image, Image)
    if image.format == "JPEG":
        image.draft("L", (_WIDEST, _WIDEST))
    # Transparent pictures are shown on white: black codes on a transparent ground would else vanish.
    if image.mode in ("RGBA", "LA", "P"):
        from PIL import Image as images

        layer = image.convert("RGBA")
        ground = images.new("RGBA", layer.size, "white")
        image = images.alpha_composite(ground, layer)
    grey = image.convert("L")
    grey.thumbnail((_WIDEST, _WIDEST))
    width, height = grey.size
    pixels = memoryview(grey.tobytes()).cast("B", (height, width))
    codes = zxingcpp.read_barcodes(
        pixels, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), try_rotate=False
    )
    return [code.text for code in codes[:10] if code.text]
