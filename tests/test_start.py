"""What is started often starts without what it seldom needs; and every command is where the command line looks."""

import subprocess
import sys
from inspect import cleandoc

import pytest
from typer.testing import CliRunner

from service.cli import COMMANDS, app, help_of, imported

HEAVY = {"alembic", "cn2an", "fpdf", "numpy", "openpyxl", "xlrd", "xlsxwriter"}
NEED_THE_API = {"document_commands"}


def modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_a_server_process_starts_without_what_is_seldom_used() -> None:
    loaded = modules_after("import service.worker")

    assert "service.main" in loaded
    assert loaded & HEAVY == set()


def test_the_help_of_all_commands_imports_none_of_them() -> None:
    loaded = modules_after("from typer.testing import CliRunner; from service.cli import app; CliRunner().invoke(app)")

    assert {name for name in loaded if name.startswith("service.")} == {"service.cli"}


def test_no_command_imports_the_api_but_those_that_write_about_it() -> None:
    loaded = modules_after(
        "".join(f"import service.{module}\n" for module, _ in COMMANDS.values() if module not in NEED_THE_API)
    )

    assert "service.verify_run" in loaded
    assert loaded & (HEAVY | {"service.main"}) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_in_the_list_what_it_says_of_itself(name: str) -> None:
    command = imported(*COMMANDS[name])
    listed = CliRunner().invoke(app, ["--help"], env={"TERMINAL_WIDTH": "300"}).output

    assert cleandoc(command.help or "") == help_of(*COMMANDS[name])
    assert f" {name} " in listed
    assert help_of(*COMMANDS[name]).splitlines()[0] in listed
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_what_is_no_command_is_refused_with_what_may_be_meant() -> None:
    refused = CliRunner().invoke(app, ["serv"])

    assert refused.exit_code == 2
    assert "'serve'" in refused.output
