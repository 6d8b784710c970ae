"""The use cases, one a module: they speak to the world through the ports alone."""
