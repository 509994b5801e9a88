"""What to try next: commands that work as they stand, who may call, and whom to try them on."""

from typing import Any, Final

from rich.box import Box
from rich.table import Table

from service.demo.hospitals import DEMO_HOSPITAL, OPENED
from service.demo.known import EXAMPLE, KNOWN, Known
from service.explanation.wording import Names, wording

_TO_READ: Final = "python3 -m json.tool --no-ensure-ascii"


def commands(base_url: str, hospital: dict[str, str], settlement_id: str | None) -> list[tuple[str, str]]:
    """What each command does, and the command, for a shell with curl; in this order."""
    token = f"""\
TOKEN=$(curl -s {base_url}/oauth/token -d grant_type=client_credentials \\
  -d client_id={hospital["client_id"]} -d client_secret={hospital["client_secret"]} \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
AUTH="Authorization: Bearer $TOKEN\""""
    visit = f"""\
VISIT='{{"hospital_code": "{DEMO_HOSPITAL}", "visit_no": "TRY-1", "visit_type": "inpatient",
  "person": {{"id_no": "{EXAMPLE.id_no}"}}, "admitted_on": "2018-06-11", "discharged_on": "2018-06-15",
  "fee_lines": [{{"line_no": 1, "item_code": "XA01", "unit_price": "20.00", "quantity": "300",
                 "amount": "6000.00"}}]}}'"""
    send = f'-H "$AUTH" -H "Content-Type: application/json" -d "$VISIT" | {_TO_READ}'
    which = f"/{settlement_id}" if settlement_id else "?visit_no=TRY-1"
    return [
        ("令牌 a token", token),
        ("一次住院 a stay", visit),
        ("预结算 preview", f"curl -s {base_url}/v1/settlements/preview \\\n  {send}"),
        ("结算 settle", f'curl -s {base_url}/v1/settlements -H "Idempotency-Key: try-1" \\\n  {send}'),
        ("查询 read", f'curl -s "{base_url}/v1/settlements{which}" \\\n  -H "$AUTH" | {_TO_READ}'),
    ]


def clients_table(clients: dict[str, Any], frame: Box) -> Table:
    table = Table(title="接入方 Clients", title_justify="left", title_style="bold", box=frame)
    for heading in ("", "client_id", "client_secret"):
        table.add_column(heading, no_wrap=True)
    for name, client in clients.items():
        table.add_row(name, client["client_id"], client["client_secret"])
    return table


def people_table(frame: Box) -> Table:
    """Those whom the package's docstring names and who can be settled for on any day."""
    table = Table(title="可试的人 People to try", title_justify="left", title_style="bold", box=frame)
    table.add_column("身份证号 Identity number", no_wrap=True)
    table.add_column("身份", no_wrap=True)
    table.add_column("Who")
    names = wording().names
    for known in KNOWN:
        if not (known.barred or known.died_on or known.insured_until):
            table.add_row(known.id_no, _in_chinese(known, names["zh"]), _in_english(known, names["en"]))
    return table


def _in_chinese(known: Known, names: Names) -> str:
    held = [names.of(kind) + (f"（{first}起）" if first > OPENED else "") for kind, first, _ in known.held]
    referred = [f"转诊 {known.referred_to}"] if known.referred_to else []
    return "、".join([*(held or ["普通居民"]), *(f"{disease} 慢病卡" for disease in known.cards), *referred])


def _in_english(known: Known, names: Names) -> str:
    held = [names.of(kind) + (f" (from {first})" if first > OPENED else "") for kind, first, _ in known.held]
    referred = [f"referral DM-ZZ0001 to {known.referred_to}"] if known.referred_to else []
    return ", ".join([*(held or ["ordinary resident"]), *(f"card for {disease}" for disease in known.cards), *referred])
