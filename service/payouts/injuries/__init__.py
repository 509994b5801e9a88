"""Injuries on hold: is somebody else liable after all, and what becomes of what was held?"""
