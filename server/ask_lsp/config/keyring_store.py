"""Keys in the operating system's keyring: Keychain, Credential Manager, Secret Service, whatever `keyring` finds there.

The name of an entry holds the origin that the key belongs to, so that a profile with another base_url does not find it.
Everything here may wait for a person who types a passphrase: call it in a thread.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ask_lsp.core.errors import KeyUnavailable
from ask_lsp.core.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "ask-lsp"
INSTALL = 'pip install "ask-lsp[keyring]"'
OTHER_WAYS = "or write api_key: {file: PATH} or {command: [...]} instead"

_Result = TypeVar("_Result")


def entry_name(name: str, origin: str) -> str:
    """What the entry is called in the keyring, under the service `ask-lsp`."""
    return f"{name} for {origin}"


def is_installed() -> bool:
    """Whether the extra is there. Imports nothing."""
    return importlib.util.find_spec("keyring") is not None


def read_key(name: str, origin: str) -> Secret | None:
    """The key of that name for that origin, None if there is none. Raises KeyUnavailable."""
    value = _opened(lambda backend: backend.get_password(SERVICE, entry_name(name, origin)))
    return Secret(value) if value else None


def store_key(name: str, origin: str, key: Secret) -> None:
    """Puts a key there, in the place of a former one. Raises KeyUnavailable, also if it is not there afterwards."""

    def store(backend: KeyringBackend) -> bool:
        backend.set_password(SERVICE, entry_name(name, origin), key.reveal())
        return backend.get_password(SERVICE, entry_name(name, origin)) == key.reveal()

    if not _opened(store):
        raise KeyUnavailable(f"The keyring took the key and does not give it back. Choose another, {OTHER_WAYS}.")


def delete_key(name: str, origin: str) -> bool:
    """Deletes a key; whether there was one. Raises KeyUnavailable."""

    def delete(backend: KeyringBackend) -> bool:
        if backend.get_password(SERVICE, entry_name(name, origin)) is None:
            return False
        backend.delete_password(SERVICE, entry_name(name, origin))
        return True

    return _opened(delete)


def backend_name() -> str:
    """What people may know the keyring in use by. Raises KeyUnavailable."""
    return _opened(lambda backend: str(backend.name))


def _opened(use: Callable[[KeyringBackend], _Result]) -> _Result:
    """Uses the keyring. Whatever goes wrong becomes a sentence, without the words of the error, which may quote."""
    if not is_installed():
        raise KeyUnavailable(f"Keys in the keyring need an extra that is not installed. Run: {INSTALL}")
    try:
        import keyring
        from keyring import errors
    except Exception as error:  # A backend is loaded by its entry point, and may fail in any way.
        raise KeyUnavailable(f"The keyring cannot be used ({type(error).__name__}). Run: {INSTALL}") from None
    try:
        return use(keyring.get_keyring())
    except errors.NoKeyringError:
        raise KeyUnavailable(
            "There is no keyring here that can be used. Start one (GNOME Keyring, KWallet), " + OTHER_WAYS + "."
        ) from None
    except (errors.KeyringLocked, errors.InitError):
        raise KeyUnavailable(f"The keyring is locked. Unlock it, then ask again, {OTHER_WAYS}.") from None
    except Exception as error:
        raise KeyUnavailable(
            f"The keyring failed ({type(error).__name__}). Try `ask-lsp key status`, {OTHER_WAYS}."
        ) from None
