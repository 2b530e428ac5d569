"""Admission control: processor slots, waiting requests and rate limits.

A thread that serves a request has a client. The server's own threads have none, and no limit
applies to them.
"""
