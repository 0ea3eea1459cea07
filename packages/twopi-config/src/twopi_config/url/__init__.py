"""URLs: taken apart, built from parts, shown without their secrets."""
