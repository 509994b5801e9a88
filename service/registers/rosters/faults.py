"""What can be wrong in a row, and what to do about it. A code is kept with the row; the sentence stands here."""

from typing import Final

from service.errors import InputError, Text
from service.sheets.faults import ERROR, ERROR_TEXT, FORMULA, FORMULA_TEXT

FAULTS: Final[dict[str, Text]] = {
    FORMULA: FORMULA_TEXT,
    ERROR: ERROR_TEXT,
    "id_no.missing": Text("没有填写证件号码；请补填。", "No number of the person: fill it in."),
    "id_no.scientific": Text(
        "身份证号码已被表格软件改成科学记数法，末几位已丢失；请将该列设为“文本”格式后按原件重新录入。",
        "The spreadsheet turned the number into scientific notation and its last digits are lost: format the column as "
        "text and type the number again from the original.",
    ),
    "id_no.rounded": Text(
        "身份证号码末三位为 000，疑为表格软件只保留 15 位所致；请将该列设为“文本”格式后按原件重新录入。",
        "The number ends in 000, as when a spreadsheet keeps 15 digits only: format the column as text and type the "
        "number again from the original.",
    ),
    "id_no.fifteen_digits": Text(
        "这是 15 位的旧身份证号码（或丢失了 3 位）；请填写现行的 18 位号码。",
        "This is an old number of 15 digits, or one that lost three: give the present one of 18.",
    ),
    "id_no.digits_lost": Text(
        "身份证号码位数不足 18 位，可能丢失了开头的 0 或漏录；请按原件核对。",
        "The number has fewer than 18 digits; a leading zero or a digit is lost: compare with the original.",
    ),
    "id_no.format": Text(
        "身份证号码应为 17 位数字加一位数字或 X；请按原件核对。",
        "The number must be 17 digits and a digit or X: compare with the original.",
    ),
    "id_no.date": Text(
        "身份证号码中的出生日期不存在；请按原件核对。",
        "The birthday in the number is not a day of the calendar: compare with the original.",
    ),
    "id_no.checksum": Text(
        "身份证号码的校验码不符，有一位写错；请按原件核对。",
        "The check character does not fit, so a digit is wrong: compare with the original.",
    ),
    "code.format": Text(
        "编号中有空格以外的不可用字符；请按原件核对。", "The number holds letters that it cannot: check it."
    ),
    "code.rounded": Text(
        "编号已被表格软件改成科学记数法；请将该列设为“文本”格式后重新录入。",
        "The spreadsheet turned the number into scientific notation: format the column as text and type it again.",
    ),
    "township_code.digits_lost": Text(
        "乡镇代码应为 9 位或 12 位数字，开头的 0 可能已丢失；请核对。",
        "A township code has 9 or 12 digits; a leading zero may be lost: check it.",
    ),
    "name.missing": Text("没有填写姓名；请补填。", "No name: fill it in."),
    "name.format": Text("姓名中有不可用的字符或过长；请核对。", "The name is too long or holds odd letters: check it."),
    "name.differs": Text(
        "姓名与登记册中该号码的姓名不同；请核对是否填错了人，或先更正登记册。",
        "The register knows this number under another name: check the row, or correct the register first.",
    ),
    "class.missing": Text("没有填写人员类别；请补填。", "No class: fill it in."),
    "class.unknown": Text("人员类别不在可识别的名称之内；请改用规定的名称。", "Not a known class: use a known name."),
    "class.not_yours": Text(
        "民政部门只能报送救助类身份；此类别由其他部门报送。",
        "Civil affairs may list aid classes only; another office lists this one.",
    ),
    "class.differs": Text(
        "该行的类别与上传时写明的类别不同；请删去该行，或另行上传。",
        "The row's class is not the one stated for the file: remove the row or send it apart.",
    ),
    "action.unknown": Text("变动类型应为新增、变更或退出。", "The kind of change must be add, change or end."),
    "date.unreadable": Text(
        "日期无法辨认；请写成 2018-06-01 或 2018年6月1日。", "Not a readable date: write 2018-06-01 or 2018年6月1日."
    ),
    "date.serial": Text(
        "日期成了数字序号；请将该列设为“日期”格式，或写成 2018-06-01。",
        "The date became a serial number: format the column as date, or write 2018-06-01.",
    ),
    "date.ambiguous": Text(
        "2018.1 可能是一月，也可能是十月（2018.10 被表格软件当作数字）；请写成 2018-01 或 2018-10。",
        "2018.1 may be January, or October (2018.10 that a spreadsheet took for a number): write 2018-01 or 2018-10.",
    ),
    "date.out_of_range": Text("日期应在 1900 年至 2999 年之间。", "The date must lie from 1900 to 2999."),
    "dates.order": Text("止期早于起期；请核对。", "The last day lies before the first: check both."),
    "person.unknown": Text(
        "登记册中没有此人，且不能由本名单登记；请先登记，或填写身份证号码。",
        "The register does not know this person, and this list cannot register them: register them first, or give the "
        "identity number.",
    ),
    "person.differs": Text(
        "人员编号与证件号码不是同一个人；请核对。", "The person number and the identity number are two people: check."
    ),
    "person.born_in_future": Text(
        "身份证号码中的出生日期晚于今天；请按原件核对。",
        "The birthday in the number lies in the future: compare with the original.",
    ),
    "person_no.taken": Text(
        "该人员编号在登记册中已属于另一人；请核对，或清空该格。",
        "The register knows this person number as somebody else's: check it, or leave the cell empty.",
    ),
    "person_no.twice": Text(
        "同一人员编号在文件中用于两个不同的人；请核对，或清空该格。",
        "The file gives one person number to two people: check both rows, or leave the cells empty.",
    ),
    "social_card_no.taken": Text(
        "该社保卡号在登记册中已属于另一人；请核对，或清空该格。",
        "The register knows this social card as somebody else's: check it, or leave the cell empty.",
    ),
    "social_card_no.twice": Text(
        "同一社保卡号在文件中用于两个不同的人；请核对，或清空该格。",
        "The file gives one social card to two people: check both rows, or leave the cells empty.",
    ),
    "person.died": Text(
        "登记册中此人已去世；如名单正确，请先更正登记册。",
        "The register says that this person has died: if the list is right, correct the register first.",
    ),
    "row.place_differs": Text(
        "同一人在文件中的乡镇或户号前后不一；请核对后统一。",
        "The file gives one person two townships or households: check the rows and make them agree.",
    ),
    "row.contradiction": Text(
        "同一人同一类别在文件中出现多次且内容不同；请只保留正确的一行。",
        "The same person and class stands more than once with different content: keep the right row only.",
    ),
}


def texts(code: str) -> Text:
    """What is wrong and what to do."""
    return FAULTS[code]


def code_of_input(error: InputError) -> str:
    """The code of a finding of the registers' own checks, as rosters tell it."""
    return error.code if error.code in FAULTS else "id_no.format"
