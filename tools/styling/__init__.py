"""The parts of check_style.py: reading C++ without a compiler."""
