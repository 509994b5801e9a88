"""The API's OpenAPI document as the code has it, made once in each process: it takes seconds."""

from typing import Final

from service.config import Settings
from service.main import create_app
from service.wire import openapi

APP: Final = create_app(Settings())
DOCUMENT: Final = APP.openapi()
OPERATIONS: Final = [(path, method.upper(), operation) for path, method, operation in openapi.operations(DOCUMENT)]
