"""The vocabulary of answers: eight roles (fine) and three labels (coarse).

Everyone who names a role or a label takes the names from here. Which label a role has is a setting (`conf/labels/`) that
travels inside the model file; `LABEL_OF_ROLE` is the map of the project's own data.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["LABELS", "LABEL_OF_ROLE", "ROLES", "check_label_map", "label_matrix"]

ROLES = ("headline", "body", "caption", "meta", "boilerplate", "teaser_heading", "teaser", "comment")
LABELS = ("body", "boilerplate", "teaser")
LABEL_OF_ROLE: Mapping[str, str] = {
    "headline": "body",
    "body": "body",
    "caption": "boilerplate",
    "meta": "boilerplate",
    "boilerplate": "boilerplate",
    "teaser_heading": "boilerplate",
    "teaser": "teaser",
    "comment": "boilerplate",
}


def check_label_map(label_of_role: Mapping[str, str]) -> dict[str, str]:
    """`label_of_role` as a plain dict in the order of `ROLES`; `ValueError` names a missing role or an unknown name."""
    unknown = sorted(set(label_of_role) - set(ROLES))
    missing = [role for role in ROLES if role not in label_of_role]
    wrong = sorted(set(label_of_role.values()) - set(LABELS))
    if unknown or missing or wrong:
        raise ValueError(
            f"label map: unknown roles {unknown}, missing roles {missing}, unknown labels {wrong}; "
            f"it must give each of {', '.join(ROLES)} one of {', '.join(LABELS)}"
        )
    return {role: str(label_of_role[role]) for role in ROLES}


def label_matrix(label_of_role: Mapping[str, str]) -> NDArray[np.float32]:
    """1 where a role (row) has a label (column), else 0; shape (roles, labels)."""
    out = np.zeros((len(ROLES), len(LABELS)), dtype=np.float32)
    for i, role in enumerate(ROLES):
        out[i, LABELS.index(label_of_role[role])] = 1
    return out
