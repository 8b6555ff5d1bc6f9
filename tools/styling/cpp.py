"""Reads just enough C++ to find functions, their length and how deep they nest. When in doubt it finds nothing."""
import dataclasses
import re

_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s"]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)
_CONTROL = re.compile(r"(?:else|do|try|(?:else\s+)?(?:if|for|while|switch|catch)\b.*)\s*$", re.DOTALL)
_TYPE = re.compile(r"\b(?:class|struct|union|enum)\b[^()]*$", re.DOTALL)
_PREFIX = re.compile(r"^(?:template\s*<[^{}]*?>\s*(?=\b[a-z])|\[\[[^\]]*\]\]\s*|(?:public|private|protected)\s*:\s*)")
_LAMBDA = re.compile(r"\[[^\[\]]*\]\s*(?:\([^{}]*\)\s*)?(?:mutable\s*|noexcept\s*|->\s*[\w:<>&*\s]+)*$", re.DOTALL)
_INITIALIZER_LIST = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)", re.DOTALL)


@dataclasses.dataclass
class Function:
    head: str  # The text before its opening brace.
    line: int  # Of the opening brace, from 1.
    lines: int = 0  # With both braces.
    nesting: int = 0  # The deepest: 1 is a block of an if directly in the body.


@dataclasses.dataclass
class _Brace:
    kind: str  # namespace, type, function, control, lambda, plain
    head: str
    function: Function = None
    depth: int = 0  # Of control blocks within the function or lambda around it.


def blank_comments_and_strings(text):
    """The same text, line for line, with comments gone and literals empty."""
    def blank(match):
        lines = "\n" * match.group().count("\n")
        return lines if match.group().startswith("/") else '""' + lines
    return _TOKENS.sub(blank, text)


def without_preprocessor(code):
    """Blanks directives with their continuation lines: macros may hold unbalanced braces."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: "\n" * match.group().count("\n"), code, flags=re.M)


def functions(text):
    """All function bodies in a source, outermost only: a lambda belongs to the function around it."""
    code = without_preprocessor(blank_comments_and_strings(text))
    found, stack, head, line, parens = [], [_Brace("namespace", "")], "", 1, 0
    for char in code:
        line += char == "\n"
        if char == "{":
            stack.append(_open(stack[-1], " ".join(head.split()), line))
            head = ""
        elif char == "}" and len(stack) > 1:
            brace = stack.pop()
            if brace.kind == "function":
                brace.function.lines = line - brace.function.line + 1
                found.append(brace.function)
            # What follows an initializer belongs to the same statement: `x_{1}, y_{2} {` or `f({1}, [] {`.
            head = brace.head + "{}" if brace.kind in ("plain", "lambda") and brace.head else ""
        elif char == ";" and head.count("(") <= head.count(")"):  # Not the semicolons of a for.
            head = ""
        else:
            head += char
    return found


def _open(outer, head, line):
    """What the brace after `head` opens."""
    while _PREFIX.match(head):
        head = _PREFIX.sub("", head, count=1)
    bare = re.sub(r"\balignas\s*\([^()]*\)\s*|\[\[[^\]]*\]\]\s*", "", head)
    if outer.function is None:
        if re.match(r"(?:inline\s+)?namespace\b|extern\s*\"", bare):
            return _Brace("namespace", head)
        if _TYPE.search(bare):
            return _Brace("type", head)
        if outer.kind in ("namespace", "type") and _is_function(bare):
            function = Function(head, line)
            return _Brace("function", head, function)
        return _Brace("plain", head)
    if _CONTROL.match(re.sub(r"^(?:case\b[^:]*:(?!:)|default\s*:|\w+\s*:(?!:))\s*", "", bare)):
        depth = outer.depth + 1
        outer.function.nesting = max(outer.function.nesting, depth)
        return _Brace("control", head, outer.function, depth)
    if _LAMBDA.search(bare):
        return _Brace("lambda", head, outer.function, 0)
    return _Brace("plain", head, outer.function, outer.depth)


def _is_function(head):
    if "(" not in head or head.endswith(("=", ",", "(", "return")):
        return False
    if re.search(r"(?<![=!<>])=(?!=)", re.sub(r"\([^()]*\)|operator\s*\S+", "", head)):  # `auto x = f(...) {`
        return False
    listed = _INITIALIZER_LIST.search(head)
    return not (listed and re.search(r"[\w>]$", head))  # `X() : member_` opens an initializer.


def bool_parameters(text):
    """(line, name) of every named parameter of type bool in a header, private functions aside."""
    code = without_preprocessor(blank_comments_and_strings(text))
    for match in re.finditer(r"(?<=[(,])\s*(?:const\s+)?bool\s+(\w+)\s*(?=[,)=])", code):
        opening = _innermost_opening(code, match.start())
        before = re.search(r"(\w*)\s*$", code[:opening]).group(1) if opening >= 0 else ""
        access = re.findall(r"\b(public|private|protected)\s*:(?!:)|(\};)", code[:match.start()])
        is_private = bool(access) and access[-1][0] == "private"
        if opening >= 0 and before not in ("for", "if", "while", "switch") and not is_private:
            yield code.count("\n", 0, match.start(1)) + 1, match.group(1)


def _innermost_opening(code, end):
    """Where the parenthesis around position `end` opens, or -1 if what is around it is no parenthesis."""
    depth = 0
    for index in range(end - 1, -1, -1):
        char = code[index]
        if char in ")}]" or (char == ">" and code[index - 1] != "-"):
            depth += 1
        elif char in "({[<":
            if depth == 0:
                return index if char == "(" else -1
            depth -= 1
        elif char == ";" and depth == 0:
            return -1
    return -1
