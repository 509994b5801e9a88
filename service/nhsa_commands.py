"""`onestop nhsa`: hospitals connected to the national interface, and envelopes played for them."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service import nhsa_run as run
from service.console import Json, refusals
from service.database import done
from service.nhsa.model import Auth
from service.nhsa_run import Connection

app = typer.Typer(help="The national interface (定点医药机构接口) for hospital systems.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The institution's code in the interface, 12 characters.")]


@app.command("connect")
def nhsa_connect(
    fixmedins_code: Code,
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
        _tell(done(lambda engine, settings: run.connect(engine, settings, asked)), as_json)


@app.command("key")
def nhsa_key(
    fixmedins_code: Code,
    public_key: Annotated[str | None, typer.Option(help="Of authentication d, in hex.")] = None,
    as_json: Json = False,
) -> None:
    """Give an institution a new secret in place of its old one. It is shown this once."""
    with refusals():
        _tell(done(lambda engine, settings: run.new_key(engine, settings, fixmedins_code, public_key)), as_json)


@app.command("disconnect")
def nhsa_disconnect(fixmedins_code: Code, as_json: Json = False) -> None:
    """Let an institution call no more. What it settled stays."""
    with refusals():
        _tell(done(lambda engine, _: run.disconnect(engine, fixmedins_code)), as_json)


@app.command("recording")
def nhsa_recording(
    fixmedins_code: Code,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Keep its envelopes, masked, for support.")],
    as_json: Json = False,
) -> None:
    """Keep an institution's envelopes from now on, or no more."""
    with refusals():
        _tell(done(lambda engine, _: run.change_recording(engine, fixmedins_code, recorded=record)), as_json)


@app.command("recorded")
def nhsa_recorded(
    fixmedins_code: Code,
    msgid: Annotated[str | None, typer.Option(help="Only the message of this msgid.")] = None,
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 20,
) -> None:
    """Show the envelopes that were kept of an institution, one JSON object a line."""
    with refusals():
        for one in done(lambda engine, _: run.recorded(engine, fixmedins_code, msgid, most))["items"]:
            print(json.dumps(one, ensure_ascii=False))


def _tell(told: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(told) if as_json else "\n".join(f"{name}: {text}" for name, text in told.items()))


@app.command("try")
def nhsa_try(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An envelope, as a system sends it.")],
    keep: Annotated[bool, typer.Option("--keep", help="Also do what changes something, in this database.")] = False,
) -> None:
    """Play an envelope as its institution and show the answer. Exit 1 where the answer is a refusal."""
    with refusals():
        sent = file.read_bytes()
        answer = done(lambda engine, settings: run.try_envelope(engine, settings, sent, keep=keep))
        print(json.dumps(answer, ensure_ascii=False, indent=1))
        if str(answer.get("infcode", 0)) != "0":
            raise typer.Exit(1)
