"""What an attack is made of."""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """One attack.

    guest  what runs guarded
    host   what the host does with the guest's namespace `g` afterwards, as a
           program would in good faith
    """

    name: str
    guest: str
    host: str = ""


def reads(prefix: str, owner: str, names: str) -> list[Attack]:
    """Return attacks that read attributes of an object by name."""
    return [
        Attack(f"{prefix}_{name.strip('_')}", f"loot.append({owner}.{name})")
        for name in names.split()
    ]
