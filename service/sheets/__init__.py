"""Tables that people keep in files: read whatever they are in, written so that a spreadsheet does no harm."""
