from textwrap import fill


class ConfigError(Exception):
    """As VyOS's: its text is filled to 72 columns, which joins lines."""

    def __init__(self, message):
        super().__init__(fill(message, width=72))
