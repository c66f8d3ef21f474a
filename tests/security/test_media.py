"""Pictures and videos that strangers made: no program behind a format, no address followed, no bomb unpacked."""

import io
import resource
import socket
import struct
import zlib

import pytest
from PIL import Image

from rlvr.data.open_picture import FORMATS, MAX_PIXELS, open_picture
from rlvr.data.picture_facts import picture_facts
from rlvr.datasets.motion_jpeg import jpeg, video
from rlvr.report.gallery import thumbnail
from rlvr.rl import video as videos


def encoded(kind, size=(8, 8)):
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, kind)
    return written.getvalue()


def peak_bytes():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_common_formats_are_read(kind):
    assert picture_facts(encoded(kind)).size_px == (8, 8)


@pytest.mark.parametrize("kind", ["EPS", "PDF", "TGA", "ICNS", "SGI", "PCX", "DDS"])
def test_other_formats_are_no_pictures(kind):
    """EPS is a program, which Pillow would have Ghostscript run; the rest is seldom met and seldom examined."""
    found = picture_facts(encoded(kind))
    assert found.size_px is None and found.error == "UnidentifiedImageError: not a picture"
    assert thumbnail(encoded(kind)) is None


def test_only_one_place_opens_pictures(sources):
    strays = [path.name for path in sources if "Image.open(" in path.read_text(encoding="utf-8")]
    assert strays == ["open_picture.py"]
    assert not {"EPS", "WMF", "FITS", "HDF5"} & set(FORMATS)


def png(width, height, *chunks):
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), *chunks, (b"IEND", b""))
    framed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


BOMBS = {
    "a billion pixels in the header": png(40_000, 40_000, (b"IDAT", zlib.compress(b""))),
    "just above the limit": png(MAX_PIXELS, 2, (b"IDAT", zlib.compress(b""))),
    "a gibibyte in a text chunk": png(4, 4, (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 2**28, 9)), (b"IDAT", b"")),
    "a GIF that claims a billion": b"GIF89a" + struct.pack("<HHBBB", 40_000, 40_000, 0xF0, 0, 0) + b"\0" * 6 + b";",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_bomb_costs_no_memory(name):
    before = peak_bytes()
    assert picture_facts(BOMBS[name]).size_px is None
    assert thumbnail(BOMBS[name]) is None
    assert peak_bytes() - before < 100 * 2**20


def test_a_large_photograph_is_none():
    with open_picture(encoded("PNG", (9000, 9000))) as opened:
        assert opened.size == (9000, 9000)


CLIP = video([jpeg(Image.new("RGB", (64, 48), (20 * shade, 0, 0))) for shade in range(8)], 4.0)
PLAYLISTS = {
    "session description": (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    ),
    "playlist with an address": (
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"
    ),
    "playlist with a file": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{file}\n#EXT-X-ENDLIST\n",
    "list of files": "ffconcat version 1.0\nfile {file}\n",
    "list of files beside it": "ffconcat version 1.0\nfile clip.avi\n",
    "list of addresses": "ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.mp4\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_video_that_names_other_places_is_not_followed(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.avi").write_bytes(CLIP)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        port = listening.getsockname()[1]
        hostile = PLAYLISTS[name].format(port=port, file=tmp_path / "clip.avi").encode()
        assert videos.fault(hostile) and videos.video_size(hostile) is None and videos.stills(hostile, 2) == []
        with pytest.raises(ValueError, match="Error"):
            videos.sample_frames(hostile, 1.0, 4)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_an_ordinary_clip_is_read():
    assert videos.fault(CLIP) == "" and videos.video_size(CLIP).frames == 8
    assert len(videos.sample_frames(CLIP, 2.0, 8).pictures) == 4


def test_frames_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(videos, "MAX_PIXELS", 64 * 48 - 1)
    assert "64 x 48 pixels are more than" in videos.fault(CLIP)
    with pytest.raises(ValueError, match="64 x 48 pixels are more than"):
        videos.sample_frames(CLIP, 2.0, 8)


def test_a_frame_that_grows_behind_a_modest_header_is_refused():
    grown = video([jpeg(Image.new("RGB", (64, 48))), jpeg(Image.new("L", (12_000, 9_000)))], 4.0)
    with pytest.raises(ValueError, match="Error"):
        videos.sample_frames(grown, 4.0, 8)


def test_a_video_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(videos, "MAX_FRAMES", 7)
    with pytest.raises(ValueError, match="more than the 7 frames"):
        videos.sample_frames(CLIP, 2.0, 8)
    assert videos.video_size(CLIP) is None
