"""One room: a process with one core, one encoder and its viewers' peer connections."""
