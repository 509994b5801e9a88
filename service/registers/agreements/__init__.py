"""Through which hospitals does an insurer advance its part, and until when?"""
