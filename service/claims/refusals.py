"""Why a visit is not settled (api.md, Settlement). Each says what to do next."""

from service.errors import Refusal, Text


class PersonUnknown(Refusal):
    """The person is not in the register: check the number, or register the person first."""

    code = "person.unknown"
    title = Text("查无此人", "Person unknown")


class PersonNotInsured(Refusal):
    """The person was not insured on the last day of the visit."""

    code = "person.not_insured"
    title = Text("当日未参保", "Not insured on the day")


class PersonBarred(Refusal):
    """Benefits of this person were suspended on the last day of the visit."""

    code = "person.barred"
    title = Text("待遇已暂停", "Benefits suspended")


class HospitalUnknown(Refusal):
    """The hospital is not in the register, or is not the caller's own."""

    status = 404
    code = "hospital.unknown"
    title = Text("查无此医院", "Hospital unknown")


class HospitalNotConnected(Refusal):
    """The hospital was not connected on the last day of the visit: the stay comes in as a manual claim."""

    code = "hospital.not_connected"
    title = Text("医院未接入", "Hospital not connected")


class HospitalSuspended(Refusal):
    """The hospital was suspended on the last day of the visit."""

    code = "hospital.suspended"
    title = Text("医院已暂停结算", "Hospital suspended")


class VisitDates(Refusal):
    """The dates cannot be: reversed, in the future, after the person's death, or before an earlier part."""

    code = "visit.dates"
    title = Text("就诊日期有误", "Impossible dates")


class VisitOverlap(Refusal):
    """Another stay of the person overlaps by more than the day of transfer."""

    code = "visit.overlap"
    title = Text("住院期间重叠", "Stays overlap")


class VisitAlreadySettled(Refusal):
    """This visit (hospital, visit number, interim number) has a live settlement: read it, or reverse it first."""

    status = 409
    code = "visit.already_settled"
    title = Text("该次就诊已结算", "Visit already settled")


class VisitInterimOrder(Refusal):
    """Parts of a stay are settled in order: 1, 2, ... and last 0."""

    code = "visit.interim_order"
    title = Text("中途结算次序有误", "Parts out of order")


class ReferralInvalid(Refusal):
    """The referral is unknown, expired, or another person's or hospital's."""

    code = "referral.invalid"
    title = Text("转诊无效", "Referral invalid")


class AmountMismatch(Refusal):
    """A line's amount is more than one fen away from unit price times quantity."""

    code = "fee_lines.amount_mismatch"
    title = Text("费用金额不符", "Amount does not match")


class NetNegative(Refusal):
    """More of an item is returned than was charged."""

    code = "fee_lines.net_negative"
    title = Text("退费超过原收费", "More returned than charged")


class LinesEmpty(Refusal):
    """The bill has no lines."""

    code = "fee_lines.empty"
    title = Text("没有费用明细", "No fee lines")


class ChronicNoCard(Refusal):
    """The person has no approved card for this disease in force on the day."""

    code = "chronic.no_card"
    title = Text("无有效慢性病卡", "No chronic card in force")


class ChronicUnknownDisease(Refusal):
    """The disease is not on the policy pack's list."""

    code = "chronic.unknown_disease"
    title = Text("病种不在目录内", "Disease not on the list")


class NoPolicyInForce(Refusal):
    """No policy pack of the person's county is in force on the last day of the visit."""

    code = "policy.none_in_force"
    title = Text("当日无有效政策", "No policy in force")


class PartsMismatch(Refusal):
    """What another platform decided does not add up: with itself, or with the bill."""

    code = "decided_layers.parts_mismatch"
    title = Text("已结算数据不一致", "Decided parts do not add up")


class LiablePaid(Refusal):
    """A third party has paid for the injury: nothing is left to settle here."""

    code = "injury.liable_paid"
    title = Text("第三方已赔付", "Third party has paid")


class FindingRefused(Refusal):
    """The policy pack turns this finding into a refusal."""

    code = "visit.finding_refused"
    title = Text("账单有误，按政策不予结算", "Refused by the policy pack")


class SettlementUnknown(Refusal):
    """There is no such settlement, or it is not one the caller may see."""

    status = 404
    code = "settlement.unknown"
    title = Text("查无此结算", "Settlement unknown")


class InvoiceUsed(Refusal):
    """The invoice is attached to another live settlement of this hospital: one bill is claimed once."""

    status = 409
    code = "invoice.used"
    title = Text("票据号已被使用", "Invoice already used")
