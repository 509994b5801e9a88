"""Amounts in Chinese capitals (大写金额), as they stand on papers that move money."""

from service.money import yuan


def capitals(amount: int) -> str:
    """An amount (fen) in capitals: 1234550 is 壹万贰仟叁佰肆拾伍元伍角. Zero is 零元整."""
    if amount == 0:
        return "零元整"
    from cn2an import an2cn

    written: str = an2cn(yuan(amount), "rmb")
    return written
