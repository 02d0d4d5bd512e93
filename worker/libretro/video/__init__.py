"""How a core's picture gets out of it: one module for each way to draw, behind ``driver.VideoDriver``.

``software.py`` is the only one today: the core draws into memory. A driver for cores that draw with a GPU (the API's
hardware rendering) makes their context, and reads the picture back in ``refresh``.
"""
