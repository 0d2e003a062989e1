"""libspice-server, to compare with: a host in C that replays recordings, made when it is first needed."""
