"""Families that make new sounds."""
