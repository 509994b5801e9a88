"""Who was sent to which hospital, and until when does that hold?"""
