"""What the demo shows once it serves: one discharge settled, why, and how to go on."""

import sys
from datetime import datetime
from io import TextIOWrapper
from typing import Any, Final

import httpx
from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from service.demo.discharge import BODY, Discharge, NotSettled, settle
from service.demo.invitation import clients_table, commands, people_table
from service.demo.picture import Picture
from service.explanation.wording import wording
from service.policy.load import shipped_packs

_WIDTH: Final = 100


def show(ready: dict[str, Any]) -> None:
    """
    Settle the demo's discharge on the service at `ready["base_url"]` and print it on standard output.

    Where it cannot be settled, for example because the sandbox's day lies before it, says so: the demo goes on.
    """
    console = _console()
    settlement_id = None
    try:
        discharge = settle(ready["base_url"], ready["clients"]["hospital"])
    except (NotSettled, httpx.HTTPError) as error:
        console.print(_not_settled(error))
    else:
        settlement_id = discharge.answer["id"]
        _show_discharge(console, discharge)
    _invite(console, ready, settlement_id)


def _console() -> Console:
    """As wide as a page is read; plain where nobody looks at a terminal, and never stopped by a character."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = Console(highlight=False)
    return Console(highlight=False, width=min(_WIDTH, terminal.width) if terminal.is_terminal else _WIDTH)


def _not_settled(error: NotSettled | httpx.HTTPError) -> Text:
    if isinstance(error, NotSettled) and error.code == "visit.dates":
        return Text(
            f"演示日期早于示例的出院日期 {BODY['discharged_on']}，示例暂不结算。\n"
            f"The sandbox's day lies before the example's discharge on {BODY['discharged_on']}: it is not settled."
        )
    return Text(f"示例未能结算。\nThe example could not be settled.\n{error}")


def _show_discharge(console: Console, discharge: Discharge) -> None:
    answer = discharge.answer
    picture = Picture(
        answer, shipped_packs().by_id(answer["policy"]["id"]), width=console.width, frames=console.is_terminal
    )
    console.print()
    console.print(_rule(console, "出院结算 A discharge, settled"))
    console.print(_heading(discharge))
    for part in picture.parts():
        console.print()
        console.print(part)
    console.print()
    console.print(Text.assemble("查询码 Query code: ", (answer["query_code"], "bold")))


def _heading(discharge: Discharge) -> Text:
    answer, names = discharge.answer, wording().names
    who = [f"{names['zh'].of(one)} {names['en'].of(one)}" for one in answer["identities"]]
    lines = [
        f"医院 hospital   {answer['hospital_code']}   住院号 visit {answer['visit_no']}",
        f"患者 patient    {BODY['person']['id_no']}   {', '.join(who)}",
        f"住院 stay       {BODY['admitted_on']} - {BODY['discharged_on']}",
        f"政策 policy     {answer['policy']['id']}",
        f"结算 settled    {datetime.fromisoformat(answer['settled_at']):%Y-%m-%d %H:%M:%S}",
    ]
    if discharge.replayed:
        lines.append("此前已结算，重发同一请求，得到同一答复。Settled before: the same request got the same answer.")
    return Text("\n".join(lines))


def _invite(console: Console, ready: dict[str, Any], settlement_id: str | None) -> None:
    frame = box.ROUNDED if console.is_terminal else box.ASCII
    console.print()
    console.print(_rule(console, "动手试试 Try it yourself"))
    for what, command in commands(ready["base_url"], ready["clients"]["hospital"], settlement_id):
        console.print(Text(f"# {what}", "dim"))
        console.print(Text(command), soft_wrap=True)
    console.print()
    console.print(people_table(frame))
    console.print()
    console.print(clients_table(ready["clients"], frame))
    console.print()
    console.print(Text(f"接口文档 API documentation: {ready['base_url']}/docs"))


def _rule(console: Console, title: str) -> Rule:
    return Rule(title, align="left", characters="─" if console.is_terminal else "-", style="")
