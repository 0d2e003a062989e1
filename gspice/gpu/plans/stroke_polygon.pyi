"""Nothing here is for Python: see stroke_polygon.pxd."""
