"""ID numbers where nobody asked for one."""

from __future__ import annotations

import pytest

from idp_sync.domain.masking import without_id_numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("110000199001019018.jpg", "110000********9018.jpg"),
        ("张三 11000019900101901X 退回", "张三 110000********901X 退回"),
        ("１１００００１９９００１０１９０１８", "110000********9018"),
        ("110000 19900101 9018", "110000********9018"),
        ("110000900101901", "***************"),  # fifteen places: too short to show any
        ("电话 010-00000000，2025-03-03至2025-09-03", "电话 010-00000000，2025-03-03至2025-09-03"),
        ("KEY-000001", "KEY-000001"),
        ("", ""),
    ],
)
def test_whatever_may_be_one_is_masked(text: str, shown: str) -> None:
    assert without_id_numbers(text) == shown
