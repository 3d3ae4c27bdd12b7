"""Polygons packed for the map, and unpacked as the page does."""

import base64

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.report import map_shapes
from spm_opt.report.map_shapes import (
    GRID,
    frame_around,
    pack_numbers,
    pack_points,
    pack_polygons,
    project_polygons,
)


def numbers(text):
    values, value, shift = [], 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            values.append(value)
            value, shift = 0, 0
    return values


def points(text):
    steps = [(v >> 1) ^ -(v & 1) for v in numbers(text)]
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0).tolist()


def test_small_numbers_take_a_byte_each():
    """-1, 0 and 126 are the bytes 0, 1 and 127; 127 needs two."""
    assert base64.b64decode(pack_numbers(np.array([-1, 0, 126, 127]))) == bytes([0, 1, 127, 128, 1])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, GRID), st.integers(0, GRID)), min_size=1, max_size=40))
def test_points_unpack_to_what_was_packed(where):
    """Packing and unpacking gives back every grid point."""
    assert points(pack_points(np.array(where, dtype=np.int64))) == [list(p) for p in where]


def test_a_square_with_a_hole_keeps_both_rings():
    """Two rings of four corners, without the repeated last corner, on a grid over the longer side."""
    shape = shapely.Polygon([(0, 0), (4, 0), (4, 2), (0, 2)], [[(1, 0.5), (2, 0.5), (2, 1.5), (1, 1.5)]])
    shapes = np.array([shape], dtype=object)
    frame = frame_around(shapely.get_coordinates(shapes), planar=True)
    packed = pack_polygons(project_polygons(shapes, frame), frame)
    assert (frame.width, frame.height) == (GRID, GRID // 2)
    assert numbers(packed["counts"]) == [2, 4, 4]
    half, quarter = GRID // 2, GRID // 4
    corners = points(packed["steps"])
    assert corners[:4] == [[0, half], [GRID, half], [GRID, 0], [0, 0]]
    assert [quarter, GRID // 8] in corners[4:]
    assert [half, 3 * GRID // 8] in corners[4:]


def test_neighbours_keep_their_common_corners_when_simplified(monkeypatch):
    """Simplified together, two neighbours still share every corner of their border."""
    monkeypatch.setattr(map_shapes, "PLAIN_VERTICES", 10)
    y = np.linspace(0, 10, 4_000)
    border = np.column_stack([5 + 0.3 * np.sin(y * 7), y])
    left = shapely.Polygon([(0, 0), *border.tolist(), (0, 10)])
    right = shapely.Polygon([(10, 0), *border.tolist(), (10, 10)])
    shapes = np.array([left, right], dtype=object)
    frame = frame_around(shapely.get_coordinates(shapes), planar=True)
    packed = pack_polygons(shapes, frame)
    _, _, first, second = numbers(packed["counts"])
    assert first + second < 2_000
    corners = [tuple(p) for p in points(packed["steps"])]
    shared = set(corners[:first]) & set(corners[first:])
    inside = [c for c in corners[:first] if 0 < c[0] < GRID]
    assert set(inside) == shared


def test_a_map_that_would_be_too_large_is_simplified_further(monkeypatch):
    """The packed size stays below its limit."""
    monkeypatch.setattr(map_shapes, "PLAIN_VERTICES", 10)
    monkeypatch.setattr(map_shapes, "MOST_BYTES", 1_000)
    angle = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    radius = 1 + 0.05 * np.sin(angle * 150)
    shapes = np.array([shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))])
    frame = frame_around(shapely.get_coordinates(shapes), planar=True)
    packed = pack_polygons(shapes, frame)
    assert len(packed["steps"]) <= 1_000
    assert numbers(packed["counts"])[1] >= 3


def test_places_on_both_sides_of_the_date_line_lie_close():
    """The projection is centered on the places, so that Fiji is not as wide as the world."""
    frame = frame_around(np.array([[179.5, -17.0], [-179.5, -17.0]]), planar=False)
    assert abs(abs(frame.center[0]) - 180) <= 1
    assert frame.step * GRID == pytest.approx(106_500, rel=0.01)  # metres: one degree at 17 degrees south


def test_empty_shapes_and_lines_draw_nothing():
    """A unit without area has no ring, and the others keep their order."""
    shapes = np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])])
    frame = frame_around(np.array([[0.0, 0.0], [1.0, 1.0]]), planar=True)
    assert numbers(pack_polygons(shapes, frame)["counts"]) == [0, 1, 0, 4]


def test_one_place_alone_has_a_frame():
    """A single point does not divide by zero."""
    frame = frame_around(np.array([[10.0, 50.0]]), planar=False)
    assert frame.place(frame.project(np.array([[10.0, 50.0]]))).tolist() == [[0, 0]]
