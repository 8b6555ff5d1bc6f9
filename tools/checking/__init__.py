"""The parts of `./check`: running programs, reading their results, the table of suites, the report."""
