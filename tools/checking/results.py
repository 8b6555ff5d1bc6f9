"""What a run of `./check` found out: tests in suites, with outcomes that cannot be better than what was run."""
import dataclasses
import xml.etree.ElementTree as ElementTree

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
MESSAGE_LINES = 25  # Of a failed test's output, what is shown and kept.


@dataclasses.dataclass
class Test:
    name: str
    outcome: str
    seconds: float = 0.0
    message: str = ""  # Why it failed or was skipped.


@dataclasses.dataclass
class SuiteResult:
    name: str
    tests: list
    seconds: float = 0.0
    log: str = ""

    def __post_init__(self):
        if not self.tests:  # A suite that tested nothing has not passed.
            self.tests = [Test(f"{self.name} runs tests", FAILED, 0.0, "this suite ran no test")]

    @property
    def outcome(self):
        if self.count(FAILED):
            return FAILED
        return PASSED if self.count(PASSED) else SKIPPED

    def count(self, outcome):
        return sum(test.outcome == outcome for test in self.tests)


def skipped(name, reason):
    """The result of a suite that was not run at all."""
    return SuiteResult(name, [Test(name, SKIPPED, 0.0, reason)])


def last_lines(text, count=MESSAGE_LINES):
    return "\n".join(text.rstrip().splitlines()[-count:])


def read_junit(path):
    """The tests in a JUnit file as pytest and meson write it; an absent or broken file holds none."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return []
    return [_from_case(case, suite.get("name", ""))
            for suite in root.iter("testsuite") for case in suite.iter("testcase")]


def _from_case(case, suite_name):
    group = case.get("classname") or suite_name
    if suite_name.endswith("." + group):  # meson: PROJECT.PROGRAM.GROUP
        group = suite_name.split(".", 1)[1]
    name = f"{group}.{case.get('name')}"
    seconds = float(case.get("time") or 0)
    for tag, outcome in (("failure", FAILED), ("error", FAILED), ("skipped", SKIPPED)):
        found = case.findall(tag)
        if found:
            texts = [(part.get("message") or "") + "\n" + (part.text or "") for part in found]
            return Test(name, outcome, seconds, last_lines("\n".join(texts).strip()))
    return Test(name, PASSED, seconds)
