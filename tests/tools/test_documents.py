"""What documents name by its path is there: a renamed file takes its mention along."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "HACKING.md", "tools/lab/README.md",
             *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/adr").glob("0*.md"))]
HOMES = ["", "control", "dataplane", "tools", "tests/cases"]  # Where a short name may live.
SUFFIXES = "cc|h|py|sh|md|proto|list|yaml|in|build"
# A word between back-ticks, or the first of several, that has a slash or the ending of a source.
NAMED = re.compile(rf"`(?:sudo )?(?:\./)?([a-z_][\w.-]*(?:/[\w.-]+)+/?|[a-z_][\w.-]*/|[\w.-]+\.(?:{SUFFIXES}))[` ]")


def paths(text):
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    # CAPITALS stand for something; build folders come and go; addresses and names of Kubernetes are no paths.
    return {name for name in NAMED.findall(prose)
            if not re.search(r"[A-Z]{3,}(?!\w*\.md)|^build|sluice\.dev|^ingress-nginx/|\.kube", name)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_documents_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    folders = [*HOMES, str(pathlib.Path(document).parent)]
    missing = [name for name in sorted(paths(text))
               if not any((ROOT / folder / name).exists() for folder in folders)]
    assert not missing


def test_the_architecture_names_files_at_all():
    assert "dataplane/pipeline.cc" in paths((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
