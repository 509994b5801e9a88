"""The patient's pages: the same answers as over the API, for a telephone's browser, also an old one."""
