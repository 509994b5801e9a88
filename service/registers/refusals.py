"""The ways in which the registers say no."""

from typing import ClassVar

from service.errors import Refusal, Text


class RegisterRefusal(Refusal):
    """A refusal whose advice is the same every time."""

    advice: ClassVar[Text]

    def __init__(self, pointer: str | None = None) -> None:
        super().__init__(self.advice, pointer=pointer)


class PersonUnknown(RegisterRefusal):
    """No such person in the caller's county."""

    status = 404
    code = "person.unknown"
    title = Text("查无此人", "Person unknown")
    advice = Text("请核对人员编号或证件号码。", "Check the person number or the identity number.")


class PersonExists(RegisterRefusal):
    """The person number, identity number or social card already belongs to a person."""

    status = 409
    code = "person.exists"
    title = Text("人员已存在", "The person exists already")
    advice = Text(
        "该号码已登记在册；请查询后用 PUT 更正，不要重复登记。",
        "The number is in the register already: look the person up and correct with PUT.",
    )


class InsuredOverlap(RegisterRefusal):
    """Two insured periods of one person share a day."""

    status = 409
    code = "insured.overlap"
    title = Text("参保期间重叠", "Insured periods overlap")
    advice = Text("同一人的参保期间不得重叠。", "Insured periods of one person must not share a day.")


class IdentityOverlap(RegisterRefusal):
    """One person has the same identity class twice on a day."""

    status = 409
    code = "identity.overlap"
    title = Text("身份期间重叠", "Identity periods overlap")
    advice = Text(
        "同一人同一类身份的期间不得重叠。", "Periods of the same identity class of one person must not share a day."
    )


class BarOverlap(RegisterRefusal):
    """Two bars of one person share a day."""

    status = 409
    code = "barred.overlap"
    title = Text("停止待遇期间重叠", "Barred periods overlap")
    advice = Text("同一人的停止待遇期间不得重叠。", "Barred periods of one person must not share a day.")


class OnlyAidIdentities(RegisterRefusal):
    """Civil affairs may change aid identities and nothing else of a person."""

    status = 403
    code = "access.only_aid_identities"
    title = Text("民政部门只能变更救助身份", "Civil affairs may change aid identities only")
    advice = Text(
        "请只提交 identities，且只含特困、低保、三无、其他重点救助对象和低保边缘；其他内容由医保经办机构维护。",
        "Send identities only, of the classes extreme_poverty, low_income_allowance, three_no, key_aid and "
        "low_income_margin; the agency keeps the rest.",
    )


class HospitalUnknown(RegisterRefusal):
    """No such hospital for this caller."""

    status = 404
    code = "hospital.unknown"
    title = Text("查无此医院", "Hospital unknown")
    advice = Text("请核对医疗机构编码，或先登记该医院。", "Check the hospital code, or register the hospital first.")


class HospitalExists(RegisterRefusal):
    """The hospital code is in the register already."""

    status = 409
    code = "hospital.exists"
    title = Text("医院已存在", "The hospital exists already")
    advice = Text("该编码已登记；请用 PUT 变更。", "The code is in the register already: change it with PUT.")


class SuspensionOverlap(RegisterRefusal):
    """Two suspensions of one hospital share a day."""

    status = 409
    code = "suspension.overlap"
    title = Text("暂停期间重叠", "Suspensions overlap")
    advice = Text("同一医院的暂停期间不得重叠。", "Suspensions of one hospital must not share a day.")


class LocationTwice(RegisterRefusal):
    """A hospital has two locations for one county."""

    status = 409
    code = "location.overlap"
    title = Text("同一县的位置重复", "Two locations for one county")
    advice = Text("每个县只能填一个位置。", "Give one location for each county.")


class AgreementUnknown(RegisterRefusal):
    """No such agreement in the caller's county."""

    status = 404
    code = "agreement.unknown"
    title = Text("查无此协议", "Agreement unknown")
    advice = Text("请核对协议编号。", "Check the id of the agreement.")


class AgreementOverlap(RegisterRefusal):
    """This insurer and hospital already have an agreement on some of these days."""

    status = 409
    code = "agreement.overlap"
    title = Text("协议期间重叠", "Agreements overlap")
    advice = Text(
        "同一承办机构与同一医院的协议期间不得重叠；请先用 PUT 更正原协议的止期。",
        "Agreements of one insurer with one hospital must not share a day: end the earlier one with PUT first.",
    )


class ReferralUnknown(RegisterRefusal):
    """No such referral in the caller's county."""

    status = 404
    code = "referral.unknown"
    title = Text("查无此转诊", "Referral unknown")
    advice = Text("请核对转诊编号。", "Check the referral number.")


class ReferralExists(RegisterRefusal):
    """The referral number is in the register already."""

    status = 409
    code = "referral.exists"
    title = Text("转诊已存在", "The referral exists already")
    advice = Text("该转诊编号已登记；请用 PUT 变更。", "The number is in the register already: change it with PUT.")


class CatalogueUnknown(RegisterRefusal):
    """No such item in the county's catalogue on that day."""

    status = 404
    code = "catalogue.unknown"
    title = Text("目录中没有该项目", "Item not in the catalogue")
    advice = Text("请核对项目编码和日期。", "Check the item code and the day.")


class CatalogueOverlap(RegisterRefusal):
    """The item has other terms on some of these days."""

    status = 409
    code = "catalogue.overlap"
    title = Text("目录项目期间重叠", "Catalogue terms overlap")
    advice = Text(
        "同一项目的有效期不得重叠；变更请用 PUT 并注明 as_of。",
        "Terms of one item must not share a day: change them with PUT and as_of.",
    )


class NoPolicyInForce(RegisterRefusal):
    """No policy pack of the county is in force on that day."""

    code = "policy.none_in_force"
    title = Text("当日没有生效的政策", "No policy in force")
    advice = Text(
        "该日没有本统筹区生效的政策包；请核对日期。", "No policy pack of this county covers the day: check the date."
    )
