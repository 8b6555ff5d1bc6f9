"""check_style.py: every rule, broken once, is noticed; code as STYLE.md shows it is left alone."""
import subprocess
import sys

import check_style
import pytest
from styling import cpp

HEADER = "#pragma once\n// What it is for.\n"


def complaints(root):
    return check_style.check(root)[0]


def only_complaint(root):
    found = complaints(root)
    assert len(found) == 1, found
    return found[0]


def function_of(lines):
    return "void long_one() {\n" + "  step();\n" * (lines - 2) + "}\n"


def nested(depth):
    return "void deep() {\n" + "if (x) {\n" * depth + "step();\n" + "}\n" * depth + "}\n"


@pytest.mark.parametrize("path, text, says", [
    ("net/a.cc", "int a;\n" * 401, "401 lines, at most 400"),
    ("net/a.cc", "// " + "x" * 120 + "\n", "123 columns, at most 120"),
    ("net/a.cc", function_of(61), "long_one has 61 lines"),
    ("net/a.cc", nested(4), "deep nests 4 deep"),
    ("net/a.h", HEADER + "void send(int packet, bool urgent);\n", "parameter 'bool urgent'"),
    ("net/a.h", HEADER + "struct A {\n  A(const bool all = true);\n};\n", "parameter 'bool all'"),
    ("net/a.h", "// What it is for.\nint a();\n", "no #pragma once"),
    ("net/a.h", "#pragma once\nint a();\n", "does not start with a comment"),
    ("net/a.cc", "int a;  // TODO: mend\n", "without an issue number"),
    ("tools/a.py", "# FIXME mend\n", "without an issue number"),
    ("net/a.cc", "int a;\t// tab\n", "a tab"),
    ("net/a.cc", "int a; \n", "blanks at the end"),
    ("net/a.cc", "int a;", "no newline at the end"),
    ("docs/guide.md", "Run it in /home/somebody/sluice now.\n", "/home/somebody/sluice: a path"),
    ("tools/a.sh", "cd /root/sluice\n", "/root/sluice: a path"),
    ("net/a.cc", "// old_way(packet);\n", "code in a comment"),
    ("net/a.cc", "  // return nullptr;\n", "code in a comment"),
    ("tests/e2e/a.cc", "// if (x) {\n", "code in a comment"),
    ("tests/net/a_test.cc", "TEST(A, B) { std::this_thread::sleep_for(1s); }\n", "a test sleeps"),
    ("tests/net/b_test.cc", "TEST(B, B) {}\n", "tests nothing: there is no net/b.h"),
], ids=lambda value: value[:40])
def test_a_broken_rule_is_noticed_with_its_place(tree, path, text, says):
    complaint = only_complaint(tree({"net/a.cc": "int a;\n", "net/c.cc": "", "net/d.cc": "", path: text}))
    assert complaint.startswith(f"{path}:") and says in complaint


@pytest.mark.parametrize("path, text", [
    ("net/a.cc", function_of(60)),
    ("net/a.cc", nested(3)),
    ("net/a.h", "// What it is for.\n#pragma once\nbool is_it(int);\nstd::function<void(bool)> f;\n"),
    ("net/a.h", HEADER + "inline void f() { for (bool more = true; more;) more = g(); }\n"),
    ("net/a.h", HEADER + "template <typename T, bool kFast> struct A { bool a = f(b, c); bool d; };\n"),
    ("net/a.h", HEADER + "class A {\n public:\n  A();\n private:\n  explicit A(bool fast);\n};\n"),
    ("net/a.cc", "int a;  // TODO(#12): mend\n"),
    ("net/a.cc", 'auto text = "sleep(1)";  // see f(x); for more\n'),
    ("net/a.cc", "//   burst.each(parse);   an example stands indented\n"),
    ("docs/guide.md", "The file stands under $HOME/sluice or https://x.org/home/page.  \n"),
    ("tests/net/a_model_test.cc", "TEST(A, B) {}\n"),
    ("tests/net/a_test.cc", "// It must not sleep(1) here.\nTEST(A, B) {}\n"),
])
def test_what_keeps_the_rules_is_left_alone(tree, path, text):
    assert complaints(tree({"net/a.cc": "int a;\n", path: text})) == []


def test_the_median_of_all_files_is_limited(tree):
    assert "the median file has 151 lines" in only_complaint(tree({"net/a.cc": "int a;\n" * 151}))


def test_build_folders_are_not_looked_at(tree):
    assert complaints(tree({"net/a.cc": "int a;\n", "build-clang/net/b.cc": "\t\n", ".git/c.py": "\t\n"})) == []


def test_a_tree_without_files_does_not_pass(tree):
    run = subprocess.run([sys.executable, check_style.__file__, tree({})], capture_output=True, text=True)
    assert run.returncode == 1


def test_every_exception_has_a_reason():
    for path, rule, reason in check_style.EXCEPTIONS:
        assert path and rule in check_style.RULES and len(reason) > 10


TRICKY = r'''
#define OPEN {
namespace a::b {
namespace {
struct Point { int x{1}; int area() const { return x; } };
enum class Kind : int { kA, kB };
const std::array<int, 2> kTable{{1, 2}};
auto made = make({1, 2}, [](int x) { if (x) { return 1; } return 2; });
template <typename T> requires std::integral<T>
class Box : public Base<T> {
 public:
  explicit Box(T value) : Base<T>{value}, value_{value}, other_(value) {
    for (int i = 0; i < 2; ++i) {
      if (i) {
        step("}}}{", '{', R"(}})");
      }
    }
  }
  bool operator==(const Box&) const = default;
  int operator()(int a) const { return a; }
 private:
  T value_{};
};
}  // namespace
std::vector<int> sorted(std::vector<int> values) {
  // A brace { in a comment.
  std::sort(values.begin(), values.end(), [&](int a, int b) {
    if (a) {
      while (b) { return true; }
    }
    return a < b;
  });
  switch (values[0]) {
    case 1: {
      return {1};
    }
    default: return std::vector<int>{1, 2, 3};
  }
}
}  // namespace a::b
'''


def test_functions_are_found_whatever_stands_around_them():
    found = {function.head.split("(")[0].split()[-1]: (function.lines, function.nesting)
             for function in cpp.functions(TRICKY)}
    assert found == {"area": (1, 0), "Box": (7, 2), "operator": (1, 0), "sorted": (15, 2)}
