"""Faces drawn from numbers: who it is (Identity) and what the face does (Muscles).

Every part is a polygon in face coordinates (see canvas.py), drawn with Pillow at four
times the size and averaged.
"""

from typing import NamedTuple

import numpy as np

from .canvas import Canvas, Pose, arc, curve, mixed, shaded

OVERSAMPLING = 4
SKINS = (
    (245, 214, 190),
    (226, 184, 150),
    (198, 146, 108),
    (156, 108, 78),
    (112, 76, 56),
)
HAIRS = ((28, 22, 20), (60, 40, 28), (110, 72, 42), (180, 140, 80), (150, 148, 145))


class Muscles(NamedTuple):
    """What a face does, 0 at rest; near 1 or -1 is as far as it goes.

    The comments name the action units of the facial action coding system.
    """

    brow_inner: float = 0.0  # raised: 1; lowered: 4
    brow_outer: float = 0.0  # raised: 2
    brow_drawn: float = 0.0  # drawn together: 4
    eyes: float = 0.0  # opened wide: 5; narrowed: 7
    cheeks: float = 0.0  # raised: 6
    nose: float = 0.0  # wrinkled: 9
    upper_lip: float = 0.0  # raised: 10
    corners: float = 0.0  # pulled up: 12; down: 15
    width: float = 0.0  # lips stretched: 20; puckered: 18
    jaw: float = 0.0  # dropped: 26, 27
    press: float = 0.0  # lips pressed: 24
    teeth: float = 0.0  # shown, as far as the mouth is open


class Identity(NamedTuple):
    """Who a face is: lengths in face units, colours as RGB in [0, 255]."""

    head_width: float
    jaw_width: float  # 0 round, 1 pointed chin
    eye_distance: float
    eye_size: float
    eye_height: float
    brow_height: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_height: float
    mouth_width: float
    lip_thickness: float
    hair_length: float  # 0 bald, above .75 over the shoulders
    fringe: float
    beard: float  # 0 none, 1 full
    glasses: float  # 0 none, else the size of the rims
    skin: tuple
    hair: tuple
    iris: tuple
    background: tuple
    clothes: tuple


def draw(identity: Identity, muscles: Muscles, pose: Pose, size_px: int) -> np.ndarray:
    """A face as RGB image, uint8 [size_px, size_px, 3]."""
    canvas = Canvas(pose, size_px * OVERSAMPLING, identity.background)
    head(canvas, identity, muscles)
    wrinkles(canvas, identity, muscles)
    for side in (-1, 1):
        eye(canvas, identity, muscles, side)
        brow(canvas, identity, muscles, side)
    nose(canvas, identity, muscles)
    if identity.beard:
        beard(canvas, identity, muscles)
    mouth(canvas, identity, muscles)
    front(canvas, identity)
    return np.asarray(canvas.image.reduce(OVERSAMPLING))


def outline(identity: Identity, muscles: Muscles, larger: float = 0.0) -> np.ndarray:
    """The head's edge; the jaw drops with the mouth."""
    t = np.radians(np.linspace(0, 360, 40))
    below = np.clip(np.sin(t), 0, 1)
    width = identity.head_width * (1 - identity.jaw_width * 0.45 * below**2)
    drop = 1.2 + 0.14 * max(muscles.jaw, 0) * below
    return np.stack([(width + larger) * np.cos(t), (drop + larger) * np.sin(t)], 1)


def head(canvas: Canvas, identity: Identity, muscles: Muscles) -> None:
    """Shoulders, neck, hair behind, ears and the head itself."""
    w = identity.head_width
    if identity.hair_length:
        length = 2.2 * identity.hair_length
        canvas.fill(arc((0, -0.3), w + 0.17, 1.12), identity.hair)
        if identity.hair_length > 0.5:
            side = w + 0.17
            box = [(-side, -0.3), (side, -0.3), (side, length - 0.5)]
            canvas.fill([*box, (-side, length - 0.5)], identity.hair)
    shadow = shaded(identity.skin, 0.3)
    canvas.fill([(-0.4, 0.7), (0.4, 0.7), (0.45, 1.9), (-0.45, 1.9)], shadow)
    canvas.fill([(-0.5, 1.5), (0.5, 1.5), (1.7, 1.9), (2, 3), (-2, 3), (-1.7, 1.9)],
                identity.clothes)  # fmt: skip
    for side in (-1, 1):
        ear = arc((side * w * 0.98, 0.05), 0.13, 0.24)
        canvas.fill(ear, shaded(identity.skin, 0.12))
    canvas.fill(outline(identity, muscles), identity.skin)


def wrinkles(canvas: Canvas, identity: Identity, muscles: Muscles) -> None:
    """Folds that movement makes: forehead, between the brows, nose, cheeks."""
    m, skin = muscles, identity.skin
    raised = max(0.0, (m.brow_inner + m.brow_outer) / 2)
    for y in (-0.82, -0.7):
        fold = curve((-0.4, y + 0.03), (0, y - 0.03), (0.4, y + 0.03))
        canvas.line(fold, shaded(skin, 0.5 * raised), 0.03)
    frown = max(0.0, m.brow_drawn)
    for side in (-1, 1):
        canvas.line([(side * 0.07, -0.52), (side * 0.09, -0.33)],
                    shaded(skin, 0.7 * frown), 0.035)  # fmt: skip
        for step in range(3):
            y = -0.2 + 0.1 * step
            canvas.line([(side * 0.04, y - 0.03), (side * 0.2, y + 0.04)],
                        shaded(skin, 0.7 * max(0.0, m.nose)), 0.03)  # fmt: skip
        # from the nose's wing to the mouth's corner
        depth = max(0.0, m.cheeks, 0.9 * m.nose, 0.7 * m.upper_lip)
        corner = identity.mouth_width * (1 + 0.3 * m.width) + 0.1
        y = identity.mouth_height - 0.05 - 0.12 * m.corners
        start = (side * 0.2, identity.nose_length - 0.05)
        fold = curve(start, (side * (corner - 0.02), y - 0.13), (side * corner, y))
        canvas.line(fold, shaded(skin, 0.08 + 0.5 * depth), 0.03)
        lift = 0.1 * max(0.0, m.cheeks)
        x, y = side * identity.eye_distance, identity.eye_height + 0.24 - lift / 2
        bag = curve((x - 0.17, y - 0.03), (x, y + 0.04), (x + 0.17, y - 0.03))
        canvas.line(bag, shaded(skin, 0.06 + 0.5 * max(0.0, m.cheeks)), 0.03)


def eye(canvas: Canvas, identity: Identity, muscles: Muscles, side: int) -> None:
    """White, iris and lids; the lids cut the iris."""
    x0, y0 = side * identity.eye_distance, identity.eye_height
    half = identity.eye_size
    opened = max(0.12, 1 + 0.75 * muscles.eyes - 0.25 * max(0.0, muscles.cheeks))
    top, bottom = 0.55 * half * opened, 0.38 * half * (0.6 + 0.4 * opened)
    bottom *= 1 - 0.6 * max(0.0, muscles.cheeks)
    x = np.linspace(-1, 1, 15)
    bow = 1 - np.abs(x) ** 2.2
    upper = np.stack([x0 + half * x, y0 - top * bow], 1)
    lower = np.stack([x0 + half * x, y0 + bottom * bow], 1)
    canvas.fill(np.concatenate([upper, lower[::-1]]), (236, 232, 228))
    for radius, colour in ((0.5, identity.iris), (0.24, (15, 10, 10))):
        disc = arc((x0, y0 - 0.05 * half), radius * half, radius * half, points=20)
        level = 1 - (np.abs(disc[:, 0] - x0) / half) ** 2.2
        disc[:, 1] = np.clip(disc[:, 1], y0 - top * level, y0 + bottom * level)
        canvas.fill(disc, colour)
    canvas.line(upper, shaded(identity.skin, 0.8), 0.045)
    canvas.line(lower, shaded(identity.skin, 0.35), 0.025)


def brow(canvas: Canvas, identity: Identity, muscles: Muscles, side: int) -> None:
    """A brow from its inner to its outer end."""
    m, rest = muscles, identity.eye_height - identity.brow_height
    x = identity.eye_distance
    inner = (x - 0.24 - 0.12 * m.brow_drawn, rest + 0.03 - 0.22 * m.brow_inner)
    outer = (x + 0.27, rest + 0.05 - 0.2 * m.brow_outer)
    arch = rest - 0.06 - 0.09 * (m.brow_inner + m.brow_outer)
    line = curve((inner[0], inner[1]), (x + 0.04, arch), outer) * (side, 1)
    colour = mixed(identity.hair, (40, 30, 25), 0.5)
    canvas.line(line[:12], colour, identity.brow_thickness)
    canvas.line(line[10:], colour, 0.7 * identity.brow_thickness)


def nose(canvas: Canvas, identity: Identity, muscles: Muscles) -> None:
    """Bridge, tip and nostrils; wrinkling pulls it up."""
    tip = identity.nose_length - 0.06 * muscles.nose
    wide = identity.nose_width * (1 + 0.2 * muscles.nose)
    dark = shaded(identity.skin, 0.28)
    bridge = curve((0.07, -0.2), (0.09, tip - 0.2), (wide, tip))
    canvas.line(bridge, shaded(identity.skin, 0.18), 0.035, relief=0.08)
    canvas.line([(0, -0.1), (0, tip - 0.12)], shaded(identity.skin, -0.2), 0.06, 0.12)
    base = curve((-wide, tip - 0.04), (0, tip + 0.05), (wide, tip - 0.04))
    canvas.line(base, dark, 0.04, relief=0.1)
    for side in (-1, 1):
        nostril = arc((side * wide * 0.5, tip), 0.04, 0.025, points=10)
        canvas.fill(nostril, shaded(identity.skin, 0.75), relief=0.1)


def lips(
    identity: Identity, muscles: Muscles
) -> tuple[tuple[float, float], float, float, float, float]:
    """Corner, and y of the four edges of the lips in the middle of the mouth."""
    m, y = muscles, identity.mouth_height
    gap = max(0.0, 0.42 * m.jaw)
    half = identity.mouth_width * (1 + 0.38 * m.width)
    thick = identity.lip_thickness * (1 - 0.65 * np.clip(m.press, -0.3, 1))
    inner_top = y - 0.3 * gap - 0.11 * max(0.0, m.upper_lip) + 0.05 * m.corners
    inner_bottom = y + 0.7 * gap + 0.1 * m.corners
    corner = (half, y + 0.12 * gap - 0.22 * m.corners)
    inner_bottom = max(inner_top, inner_bottom)
    return (
        corner,
        inner_top - 0.8 * thick,
        inner_top,
        inner_bottom,
        inner_bottom + thick,
    )


def mouth(canvas: Canvas, identity: Identity, muscles: Muscles) -> None:
    """Lips, and between them the dark and the teeth."""
    (x, y), top, inner_top, inner_bottom, bottom = lips(identity, muscles)

    def edge(height):
        # flat in the middle, bent at the ends, as lips are
        side = 0.55 * height + 0.45 * y
        return curve((-x, y), (-0.6 * x, side + 0.2 * (height - y)), (0, height),
                     (0.6 * x, side + 0.2 * (height - y)), (x, y))  # fmt: skip

    red = mixed(identity.skin, (150, 50, 60), 0.5)
    canvas.fill([*edge(top), *edge(bottom)[::-1]], red)
    canvas.line(edge(bottom), shaded(red, 0.3), 0.02)
    opened = inner_bottom - inner_top
    canvas.fill([*edge(inner_top), *edge(inner_bottom)[::-1]], (45, 12, 15))
    if muscles.teeth > 0.1 and opened > 0.03:
        low = inner_top + min(opened * 0.85, 0.16) * min(1.0, muscles.teeth)
        canvas.fill([*edge(inner_top), *edge(low)[::-1]], (232, 228, 218))
    canvas.line(edge(inner_top), shaded(red, 0.6), 0.025)
    chin = curve((-0.15, bottom + 0.12), (0, bottom + 0.09), (0.15, bottom + 0.12))
    canvas.line(chin, shaded(identity.skin, 0.15), 0.03)


def beard(canvas: Canvas, identity: Identity, muscles: Muscles) -> None:
    """Hair around the mouth, from stubble to full."""
    colour = mixed(identity.skin, identity.hair, 0.35 + 0.5 * identity.beard)
    edge = outline(identity, muscles)
    edge = edge[edge[:, 1] > 0.35 - 0.1 * identity.beard]
    inner = edge[::-1] * (0.72, 0.5) + (0, 0.17)
    canvas.fill([*edge, *inner], colour)
    if identity.beard > 0.5:
        y = lips(identity, muscles)[1]
        half = 0.9 * identity.mouth_width
        strip = curve((-half, y + 0.04), (0, y - 0.07), (half, y + 0.04))
        canvas.line(strip, colour, 0.11)


def front(canvas: Canvas, identity: Identity) -> None:
    """What lies before the face: glasses and fringe."""
    x, y, size = identity.eye_distance, identity.eye_height, identity.glasses
    if size:
        rim = shaded(identity.hair, 0.6)
        for side in (-1, 1):
            canvas.line(arc((side * x, y + 0.03), size, 0.85 * size), rim, 0.035)
            canvas.line([(side * (x + size), y), (side * 0.95, y - 0.05)], rim, 0.035)
        canvas.line([(size - x, y - 0.03), (x - size, y - 0.03)], rim, 0.035)
    if identity.hair_length:
        w, low = identity.head_width, -0.98 + 0.42 * identity.fringe
        cap = arc((0, -0.3), w + 0.1, 1.06, 180, 360)
        edge = curve((w + 0.08, -0.25), (0.55 * w, low), (-0.2 * w, low - 0.12),
                     (-w - 0.08, -0.25))  # fmt: skip
        canvas.fill([*cap, *edge], identity.hair)
