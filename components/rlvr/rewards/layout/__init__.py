"""MetaSpatial's rewards for room layouts: format, collisions, relations, a judge's grades, and their total.

    scene graph: N objects, then six priors (four walls, "middle of the room", "ceiling")
    answer:      [{"new_object_id": "bed_1", "x": 2.0, "y": 0.8, "z": 0.3}, ...]

Metres; the origin is the south-west corner of the floor, x points east (length), y north (width), z up; a position is
an object's centre. `rotation.z_angle` is in degrees, clockwise seen from above: at 0 an object faces north, at 90 east.
"""
