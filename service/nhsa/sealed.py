"""What the national interface keeps sealed, for `access.resealing`: secrets, kept answers, files."""

from typing import Final

from service.access.resealing import Sealed
from service.nhsa.auth.store import place as place_of_secret
from service.nhsa.auth.tables import credentials
from service.nhsa.messages import place_of_answer
from service.nhsa.tables import files, messages
from service.nhsa.transactions.files import place_of_file

SEALED: Final = (
    Sealed(credentials, {"secret_enc": lambda row: place_of_secret(row["auth"], row["account"])}),
    Sealed(messages, {"answer_enc": lambda row: place_of_answer(row["fixmedins_code"], row["infno"], row["msgid"])}),
    Sealed(files, {"content_enc": lambda row: place_of_file(row["file_qury_no"])}),
)
