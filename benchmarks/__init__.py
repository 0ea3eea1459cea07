"""Measurements of twopi's packages beside their peers, in one interleaved run.

``python -m benchmarks SUITE [--quick]`` from the root of the repository.
"""
