"""HTTP code shared by all front ends: checks of requests, headers and error answers."""
