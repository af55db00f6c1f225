"""The words that models are asked with: templates as data, and the sandbox that renders them."""

from __future__ import annotations

from pathlib import Path

ACTIONS_FILE = Path(__file__).with_name("actions.yaml")
"""The built-in actions, in the format in which users write their own."""

FORMATS = Path(__file__).with_name("formats")
"""How answers that change code have to look, one template a form; each says its version at its top."""
