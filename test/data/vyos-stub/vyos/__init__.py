from .base import ConfigError

__all__ = ['ConfigError']
