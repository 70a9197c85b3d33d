from __future__ import annotations

import numpy as np
import pytest

from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES, check_label_map, label_matrix


def test_the_projects_own_map_gives_every_role_a_known_label_and_uses_all_labels() -> None:
    assert set(LABEL_OF_ROLE) == set(ROLES)
    assert set(LABEL_OF_ROLE.values()) == set(LABELS)


def test_a_checked_map_is_in_the_order_of_the_roles_whatever_its_own() -> None:
    checked = check_label_map(dict(reversed(LABEL_OF_ROLE.items())))
    assert list(checked) == list(ROLES)
    assert checked == dict(LABEL_OF_ROLE)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({**LABEL_OF_ROLE, "sidebar": "body"}, r"unknown roles \['sidebar'\]"),
        ({r: label for r, label in LABEL_OF_ROLE.items() if r != "caption"}, r"missing roles \['caption'\]"),
        ({**LABEL_OF_ROLE, "caption": "picture"}, r"unknown labels \['picture'\]"),
        ({}, "missing roles"),
    ],
)
def test_a_faulty_map_is_refused_with_the_name_of_the_fault(changed: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        check_label_map(changed)


def test_the_label_matrix_has_one_label_a_role() -> None:
    matrix = label_matrix(LABEL_OF_ROLE)
    assert matrix.shape == (len(ROLES), len(LABELS))
    assert (matrix.sum(1) == 1).all()
    assert [LABELS[i] for i in matrix.argmax(1)] == [LABEL_OF_ROLE[role] for role in ROLES]
    assert set(np.unique(matrix)) == {0, 1}


def test_the_label_matrix_follows_the_map_it_is_given() -> None:
    moved = label_matrix({**LABEL_OF_ROLE, "caption": "body"})
    assert np.argwhere(moved != label_matrix(LABEL_OF_ROLE)).tolist() == [
        [ROLES.index("caption"), LABELS.index("body")],
        [ROLES.index("caption"), LABELS.index("boilerplate")],
    ]
