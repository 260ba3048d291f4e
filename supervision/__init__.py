"""Supervising the provider, on the standard library alone: calendar and clock, score, samples, settlement, blocks."""
