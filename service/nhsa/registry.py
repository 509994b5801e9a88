"""Every transaction that is answered, and the addresses that name one (interface §1)."""

from typing import Final

from service.nhsa.desk import Handler
from service.nhsa.transactions import dictionary, fees, outpatient, person, query, settle, sign, stay, undo

HANDLERS: Final[dict[str, Handler]] = {
    "9001": Handler(sign.sign_in),
    "9002": Handler(sign.sign_out),
    "1101": Handler(person.identify, keeps=False),
    "1201": Handler(dictionary.institution, keeps=False),
    "1901": Handler(dictionary.codes, keeps=False),
    "2001": Handler(person.entitlement, keeps=False),
    "5206": Handler(person.accumulated, keeps=False),
    "5301": Handler(person.chronic_cards, keeps=False),
    "5303": Handler(stay.in_hospital, keeps=False),
    "2401": Handler(stay.admit),
    "2402": Handler(stay.discharge),
    "2403": Handler(stay.change),
    "2404": Handler(stay.cancel),
    "2405": Handler(stay.undo_discharge),
    "2301": Handler(fees.upload_stay),
    "2302": Handler(fees.remove_stay),
    "2303": Handler(settle.try_stay, keeps=False),
    "2304": Handler(settle.settle_stay),
    "2305": Handler(undo.cancel_stay),
    "2601": Handler(undo.reverse_message),
    "2201": Handler(outpatient.register),
    "2202": Handler(outpatient.cancel),
    "2203": Handler(outpatient.describe),
    "2204": Handler(fees.upload_outpatient),
    "2205": Handler(fees.remove_outpatient),
    "2206": Handler(settle.try_outpatient, keeps=False),
    "2207": Handler(settle.settle_outpatient),
    "2208": Handler(undo.cancel_outpatient),
    "5203": Handler(query.settlement, keeps=False),
    "100001": Handler(query.working, keeps=False),
}

PATHS: Final[dict[str, str]] = {
    "signInSignOutService/signIn": "9001",
    "signInSignOutService/signOut": "9002",
    "fsiPsnInfoService/queryPsnInfo": "1101",
    "hospFeeDtlService/feeDtlUp": "2301",
    "hospFeeDtlService/feeDtlCl": "2302",
    "hospSettService/preSett": "2303",
    "hospSettService/settV2": "2304",
    "hospSettService/settCl": "2305",
    "hospitalRegisterService/hospitalRegisterSave": "2401",
    "dscgService/dischargeProcess": "2402",
    "hospitalRegisterService/hospitalRegisterEdit": "2403",
    "hospitalRegisterService/hospitalRegisterCancel": "2404",
    "dscgService/dischargeUndo": "2405",
    "outpatientSettleService/preSettletment": "2206",
    "outpatientSettleService/saveSettletmentV2": "2207",
    "outpatientSettleService/cancleSettletment": "2208",
    "reverseService/revsMethod": "2601",
    "ybSettlementStmtService/stmtTotal": "3201",
    "ybSettlementStmtService/stmtDetail": "3202",
    "fsiIntegratedQueryService/querySetlInfo": "5203",
    "fileupload/upload": "9101",
    "fileupload/download": "9102",
}
"""The per-service addresses below /fsi/api that our sources name; others are reached by callService."""
