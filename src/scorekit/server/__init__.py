"""The local page of watch mode: the song as it is now, to see and to hear.

The standard library's threading server and server-sent events are all it takes: one reader, on this machine, who is
told of news and asks for ranges of sound. A web framework would cost a watch a fifth of a second at its start and bring
a loop of its own beside the watch's threads. A service for many brings its framework along and shares ``view``.
"""

from scorekit.server.player import Player

__all__ = ["Player"]
