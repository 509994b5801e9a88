"""The discharge that the demo settles when it starts, as a hospital's system would: over HTTP."""

from dataclasses import dataclass
from typing import Any, Final

import httpx

from service.claims.examples import REQUEST_BODY
from service.demo.known import SHOWN

# The bill of the API document's example, but not its person and visit: those are left for whoever tries the example.
BODY: Final = {**REQUEST_BODY, "visit_no": "DM-ZY201806010001", "person": {"id_no": SHOWN.id_no}}
KEY: Final = "demo-discharge"
OPERATOR: Final = "demo-cashier"
_SECONDS: Final = 30


class NotSettled(Exception):
    """The service did not settle the discharge. `code` and `detail` are those of its answer."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Discharge:
    """The settlement as answered; `replayed` when an earlier start settled it and this is that answer again."""

    answer: dict[str, Any]
    replayed: bool


def settle(base_url: str, hospital: dict[str, str]) -> Discharge:
    """
    Settle the discharge, or get the first answer again. Raises NotSettled and httpx.HTTPError.
    """
    form = {"grant_type": "client_credentials", **{key: hospital[key] for key in ("client_id", "client_secret")}}
    # The service is on this machine: no proxy of the environment may stand in between.
    with httpx.Client(base_url=base_url, timeout=_SECONDS, trust_env=False) as http:
        granted = http.post("/oauth/token", data=form)
        if granted.is_error:
            raise NotSettled("oauth", granted.text)
        headers = {
            "Authorization": f"Bearer {granted.json()['access_token']}",
            "Idempotency-Key": KEY,
            "X-Operator": OPERATOR,
        }
        answered = http.post("/v1/settlements", json=BODY, headers=headers)
    if answered.is_error:
        problem = answered.json()
        raise NotSettled(problem["code"], problem["detail"])
    return Discharge(answered.json(), answered.headers.get("Idempotent-Replayed") == "true")
