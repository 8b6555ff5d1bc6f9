"""The parts of `./demo`: what it prints, what it prepares, what it plays."""
