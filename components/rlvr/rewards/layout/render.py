"""A picture of a room from above and a little from the south, drawn without a 3D program: same scene, same bytes.

South is at the bottom. Every object is a box with a lighter top; a dark notch shows where it faces. The north wall
stands behind the floor, whose grid has a line every metre. Rooms up to 8 m across are drawn to one scale, so that a
small room looks small; larger ones fill the picture.
"""

import colorsys
import hashlib
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from rlvr.rewards.layout.collisions import bounds
from rlvr.rewards.layout.relations import FRONT
from rlvr.rewards.layout.scene import PRIORS, Metres, Scene, Thing

SPAN_METRES = 8.0
"""Width of floor that a picture shows, unless the room is larger."""

RISE = 0.35
"""How far up the picture a metre of height goes, against a metre to the north."""

LABEL_PX = 300
"""Pictures at least this wide name the objects."""

Point = tuple[float, float]
Colour = tuple[int, int, int]


def render(scene: Scene, room: Metres, side_px: int, hue: float = 0.1) -> bytes:
    """A square PNG of `side_px`; objects without a position are left out. `hue` (0 to 1) colours floor and wall."""
    canvas = Image.new("RGB", (side_px, side_px), (255, 255, 255))
    view = _View(ImageDraw.Draw(canvas), room, side_px)
    view.room(hue)
    objects = [thing for thing in scene[:-PRIORS] if "position" in thing]
    for thing in sorted(objects, key=_depth):
        view.thing(thing)
    encoded = io.BytesIO()
    canvas.save(encoded, "PNG")
    return encoded.getvalue()


class _View:
    """Draws on a canvas in metres."""

    def __init__(self, pen: ImageDraw.ImageDraw, room: Metres, side_px: int) -> None:
        self._pen = pen
        self._room = room
        self._side = side_px
        across = max(SPAN_METRES, room[0], room[1] + RISE * room[2])
        self._px = side_px / (1.04 * across)
        self._left = (side_px - room[0] * self._px) / 2
        self._bottom = (side_px + (room[1] + RISE * room[2]) * self._px) / 2

    def room(self, hue: float) -> None:
        """Floor with its grid, and the north wall."""
        x, y, z = self._room
        wall, floor, line = (_colour(hue, *tone) for tone in ((0.12, 0.98), (0.3, 0.88), (0.35, 0.7)))
        self._fill([(0, y, 0), (x, y, 0), (x, y, z), (0, y, z)], wall, line)
        self._fill([(0, 0, 0), (x, 0, 0), (x, y, 0), (0, y, 0)], floor, line)
        for metre in range(1, int(min(max(x, y), 1000))):
            if metre < x:
                self._pen.line([self._at(metre, 0, 0), self._at(metre, y, 0)], line)
            if metre < y:
                self._pen.line([self._at(0, metre, 0), self._at(x, metre, 0)], line)
        self._fill([(0, 0, 0), (x, 0, 0), (x, y, 0), (0, y, 0)], None, (40, 40, 40))

    def thing(self, thing: Thing) -> None:
        """South side, top, notch and, in large pictures, name of an object."""
        (west, east), (south, north), (low, high) = bounds(thing)
        name = str(thing["new_object_id"])
        hue = hashlib.sha256(name.encode()).digest()[0] / 256
        dark, light = _colour(hue, 0.75, 0.55), _colour(hue, 0.6, 0.85)
        self._fill([(west, south, low), (east, south, low), (east, south, high), (west, south, high)], dark, (0, 0, 0))
        top = [(west, south, high), (east, south, high), (east, north, high), (west, north, high)]
        self._fill(top, light, (0, 0, 0))
        middle, half = ((west + east) / 2, (south + north) / 2), ((east - west) / 2, (north - south) / 2)
        axis, sign = FRONT.get(thing["rotation"]["z_angle"], (1, 1))
        ahead_x, ahead_y = (middle[place] + (sign * half[place] if place == axis else 0.0) for place in (0, 1))
        notch = [self._at(*middle, high), self._at(ahead_x, ahead_y, high)]
        self._pen.line(notch, (30, 30, 30), max(1, self._side // 80))
        if self._side >= LABEL_PX:
            font = ImageFont.load_default_imagefont()
            self._pen.text(self._at(west, middle[1], high), name, (0, 0, 0), font)

    def _fill(self, corners: Sequence[Metres], colour: Colour | None, line: Colour) -> None:
        self._pen.polygon([self._at(*corner) for corner in corners], colour, line)

    def _at(self, x: float, y: float, z: float) -> Point:
        """Pixel of a point in the room; points far outside stay near the picture's edge."""
        far = 2.0 * self._side
        right = self._left + x * self._px
        down = self._bottom - (y + RISE * z) * self._px
        return (min(max(right, -far), far), min(max(down, -far), far))


def _depth(thing: Thing) -> tuple[float, float, str]:
    """Order of painting: from north to south, then upwards."""
    _, (south, _), (low, _) = bounds(thing)
    return (-round(south, 6), low, str(thing["new_object_id"]))


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return (round(255 * red), round(255 * green), round(255 * blue))
