"""What bandit finds in the service is answered here, finding by finding; what is not answered fails."""

import json
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parents[1]
_CONSTANTS: Final = "put together of constants of the module; every value is bound (ruff S608 says the same)"
_OURS: Final = "our own programs, as a list of our own arguments, without a shell"
_EXAMPLE: Final = "a word of the protocol or an example in the API document, no secret"

ANSWERED: Final = {
    ("B101", "service/*"): "assertions state what only a bug could break; what callers cause is a refusal",
    ("B105", "service/access/routes.py"): _EXAMPLE,
    ("B105", "service/access/schemas.py"): _EXAMPLE,
    ("B105", "service/inquiry/examples.py"): _EXAMPLE,
    ("B404", "service/backup_run.py"): _OURS,
    ("B404", "service/embedded/*.py"): _OURS,
    ("B404", "service/processes.py"): _OURS,
    ("B603", "service/backup_run.py"): _OURS,
    ("B603", "service/embedded/*.py"): _OURS,
    ("B603", "service/processes.py"): _OURS,
    ("B606", "service/embedded/launch.py"): _OURS,
    ("B506", "service/policy/read.py"): "a subclass of SafeLoader, which also refuses a key that stands twice",
    ("B608", "service/claims/month.py"): _CONSTANTS,
    ("B608", "service/claims/opening.py"): _CONSTANTS,
    ("B608", "service/corrections/bulk/store.py"): _CONSTANTS,
    ("B608", "service/payouts/*"): _CONSTANTS,
    ("B608", "service/proof/*"): _CONSTANTS,
    ("B608", "service/reconciliation/*"): _CONSTANTS,
}
"""Which finding, where (`*` crosses folders): why it is no fault."""


def findings() -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bandit", "-q", "-r", "service", "-f", "json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    said = json.loads(ran.stdout)
    assert said["errors"] == []
    found: list[dict[str, Any]] = said["results"]
    return found


def test_every_finding_of_bandit_is_answered_and_every_answer_is_needed() -> None:
    found = {(each["test_id"], each["filename"], each["line_number"]): each for each in findings()}

    def answers(test: str, file: str) -> set[tuple[str, str]]:
        return {known for known in ANSWERED if known[0] == test and fnmatch(file, known[1])}

    open_ = [
        f"{file}:{line} {each['issue_text']}" for (test, file, line), each in found.items() if not answers(test, file)
    ]
    assert open_ == []
    assert {each["issue_severity"] for each in found.values()} <= {"LOW", "MEDIUM"}
    assert {known for test, file, _ in found for known in answers(test, file)} == ANSWERED.keys()
