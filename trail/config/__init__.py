"""The configuration: one TOML file, checked completely, edited without losing a comment."""

from trail.config.load import (
    Config,
    default_config_path,
    find_account,
    find_client,
    load_config,
    parse_config,
    read_config_text,
)

__all__ = [
    "Config",
    "default_config_path",
    "find_account",
    "find_client",
    "load_config",
    "parse_config",
    "read_config_text",
]
