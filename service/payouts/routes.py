"""Every address at which money to patients comes in and goes out."""

from typing import Final

from service.payouts.aid import routes as aid
from service.payouts.backpay import routes as backpay
from service.payouts.injuries import routes as injuries
from service.payouts.manual import routes as manual

ROUTERS: Final = (manual.router, aid.router, backpay.router, injuries.router)
TAGS: Final = [*manual.TAGS, *aid.TAGS, *backpay.TAGS, *injuries.TAGS]
