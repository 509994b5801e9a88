"""`onestop nhsa`: hospitals connected to the national interface, and envelopes played for them."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.console import refusals
from service.database import done
from service.nhsa.model import Auth
from service.nhsa_run import Connection, connect, try_envelope

app = typer.Typer(help="The national interface (定点医药机构接口) for hospital systems.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


@app.command("connect")
def nhsa_connect(
    fixmedins_code: Annotated[str, typer.Argument(help="The institution's code in the interface, 12 characters.")],
    client: Annotated[str, typer.Option(help="The hospital's client, as REST knows it.")],
    profile: Annotated[str, typer.Option(help="Its province's edition.")] = "lenient",
    auth: Annotated[Auth, typer.Option(help="a: _api_* HMAC. b: x-tif. d: SM2. none: no proof.")] = Auth.HMAC,
    infcode: Annotated[str | None, typer.Option(help="number or string, before the profile's.")] = None,
    amounts: Annotated[str | None, typer.Option(help="number or string, before the profile's.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Keep its envelopes, masked, for support.")] = False,
    public_key: Annotated[str | None, typer.Option(help="Of authentication d, in hex.")] = None,
    as_json: Json = False,
) -> None:
    """Connect a hospital to the national interface. Its secret is shown this once."""
    with refusals():
        asked = Connection(fixmedins_code, client, profile, auth, infcode, amounts, record, public_key)
        told_of_it = done(lambda engine, settings: connect(engine, settings, asked))
        print(json.dumps(told_of_it) if as_json else "\n".join(f"{name}: {text}" for name, text in told_of_it.items()))


@app.command("try")
def nhsa_try(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An envelope, as a system sends it.")],
    keep: Annotated[bool, typer.Option("--keep", help="Also do what changes something, in this database.")] = False,
) -> None:
    """Play an envelope as its institution and show the answer. Exit 1 where the answer is a refusal."""
    with refusals():
        sent = file.read_bytes()
        answer = done(lambda engine, settings: try_envelope(engine, settings, sent, keep=keep))
        print(json.dumps(answer, ensure_ascii=False, indent=1))
        if str(answer.get("infcode", 0)) != "0":
            raise typer.Exit(1)
