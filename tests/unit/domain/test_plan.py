"""The plan: what it changes, in which order, what it never touches, and that applying it is enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.plan import Create, ExpelMember, ForeignEntry, Modify, Plan, Remove, make_plan
from idp_sync.domain.unit import UserClass
from tests.builders import entry

MANAGEMENT, ENTERPRISE = UserClass.MANAGEMENT, UserClass.ENTERPRISE


def ours(_login: str) -> bool:
    return True


def nobodys(_login: str) -> bool:
    return False


def intruder(permission: str, member: str) -> ExpelMember:
    return ExpelMember(user_class=MANAGEMENT, permission=permission, member=member)


def test_nothing_to_do_is_an_empty_plan() -> None:
    plan = make_plan([entry("cy0001")], [entry("cy0001")], was_ours=ours)
    assert plan == Plan(changes=())
    assert plan.is_empty
    assert plan.counts() == {}


def test_creations_come_first_and_removals_last_in_reverse_order() -> None:
    plan = make_plan(
        [entry("cy0004"), entry("cy0001"), entry("cy0003", name="测试丙"), entry("cy0002", name="测试乙")],
        [entry("cy0006"), entry("cy0003"), entry("cy0005"), entry("cy0002")],
        was_ours=ours,
        intruders=[
            intruder("MGMT-DIST.REG.02", "uid=b"),
            intruder("MGMT-DIST.REG.01", "uid=z"),
            intruder("MGMT-DIST.REG.01", "uid=a"),
        ],
    )
    assert [(type(change), change.login) for change in plan.changes] == [
        (Create, "cy0001"),
        (Create, "cy0004"),
        (Modify, "cy0002"),
        (Modify, "cy0003"),
        (ExpelMember, "uid=a"),
        (ExpelMember, "uid=z"),
        (ExpelMember, "uid=b"),
        (Remove, "cy0006"),
        (Remove, "cy0005"),
    ]
    assert plan.counts() == {"create": 2, "modify": 2, "expel": 3, "remove": 2}
    assert not plan.is_empty


def test_what_we_never_created_is_reported_and_not_removed() -> None:
    observed = [entry("stranger"), entry("admin", user_class=ENTERPRISE), entry("cy0009")]
    plan = make_plan([], observed, was_ours=lambda login: login == "cy0009")
    assert plan.changes == (Remove(entry=entry("cy0009")),)
    assert plan.foreign == (
        ForeignEntry(login="admin", user_class=ENTERPRISE),
        ForeignEntry(login="stranger", user_class=MANAGEMENT),
    )


def test_foreign_entries_alone_are_nothing_to_do() -> None:
    assert make_plan([], [entry("stranger")], was_ours=nobodys).is_empty


def test_who_changed_class_is_created_there_and_removed_here() -> None:
    here, there = entry("cy0001"), entry("cy0001", user_class=ENTERPRISE)
    plan = make_plan([there], [here], was_ours=nobodys)
    assert plan.changes == (Create(entry=there), Remove(entry=here))


def test_who_stands_in_both_trees_is_removed_from_the_wrong_one_whichever_is_seen_first() -> None:
    right, wrong = entry("cy0001"), entry("cy0001", user_class=ENTERPRISE)
    for observed in ([right, wrong], [wrong, right]):
        assert make_plan([right], observed, was_ours=ours).changes == (Remove(entry=wrong),)


def test_a_modification_says_what_differs() -> None:
    before = entry(name="测试甲", state=AccountState.ACTIVE, permissions=frozenset({"A", "B"}))
    after = replace(before, name="测试乙", state=AccountState.SUSPENDED, permissions=frozenset({"B", "C"}))
    (change,) = make_plan([after], [before], was_ours=ours).changes
    assert isinstance(change, Modify)
    assert (change.granted, change.withdrawn) == (frozenset("C"), frozenset("A"))
    assert list(change.differences()) == [("name", "测试甲", "测试乙"), ("state", "active", "suspended")]


# --- what holds for all states ---------------------------------------------------------------------------------------

logins = st.sampled_from([f"cy{number:04}" for number in range(1, 7)])
entries = st.builds(
    entry,
    logins,
    user_class=st.sampled_from(UserClass),
    name=st.sampled_from(["测试甲", "测试乙"]),
    state=st.sampled_from([AccountState.ACTIVE, AccountState.SUSPENDED]),
    thumbprint=st.sampled_from(["", "ab" * 32]),
    permissions=st.frozensets(st.sampled_from(["A", "B", "C"])),
)
#: the register has each login once
desired_states = st.lists(entries, unique_by=lambda e: e.login)
#: a directory has each login once in each tree
observed_states = st.lists(entries, unique_by=lambda e: (e.user_class, e.login))


def applied(plan: Plan, observed: Iterable[DirectoryEntry]) -> list[DirectoryEntry]:
    """What a directory holds after a plan; it refuses what a directory would refuse."""
    tree = {(e.user_class, e.login): e for e in observed}
    for change in plan.changes:
        match change:
            case Create(entry=new):
                assert (new.user_class, new.login) not in tree
                tree[new.user_class, new.login] = new
            case Modify(before=before, after=after):
                assert tree[before.user_class, before.login] == before
                assert (after.user_class, after.login) == (before.user_class, before.login)
                tree[after.user_class, after.login] = after
            case Remove(entry=old):
                assert tree.pop((old.user_class, old.login)) == old
            case ExpelMember():
                raise AssertionError("nobody intruded")
    return sorted(tree.values(), key=lambda e: (e.user_class, e.login))


@settings(deadline=None)
@given(desired_states, observed_states)
def test_applying_the_plan_gives_the_desired_state_and_then_nothing_is_left(
    desired: Sequence[DirectoryEntry], observed: Sequence[DirectoryEntry]
) -> None:
    plan = make_plan(desired, observed, was_ours=ours)
    after = applied(plan, observed)
    assert after == sorted(desired, key=lambda e: (e.user_class, e.login))
    assert make_plan(desired, after, was_ours=ours) == Plan(changes=())


@settings(deadline=None)
@given(desired_states, observed_states, st.frozensets(logins))
def test_strangers_outlive_every_plan(
    desired: Sequence[DirectoryEntry], observed: Sequence[DirectoryEntry], known: frozenset[str]
) -> None:
    known |= {e.login for e in desired}
    plan = make_plan(desired, observed, was_ours=known.__contains__)
    strangers = [e for e in observed if e.login not in known]
    after = applied(plan, observed)
    assert [e for e in after if e.login not in known] == sorted(strangers, key=lambda e: (e.user_class, e.login))
    assert {(f.user_class, f.login) for f in plan.foreign} == {(e.user_class, e.login) for e in strangers}
    assert make_plan(desired, after, was_ours=known.__contains__).is_empty


@settings(deadline=None)
@given(desired_states, observed_states, st.randoms())
def test_the_order_of_reading_makes_no_difference(
    desired: list[DirectoryEntry],
    observed: list[DirectoryEntry],
    random: object,
) -> None:
    plan = make_plan(desired, observed, was_ours=ours)
    shuffled = list(reversed(observed))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = make_plan(reversed(desired), shuffled, was_ours=ours)
    assert set(other.changes) == set(plan.changes)
    assert [type(change) for change in other.changes] == [type(change) for change in plan.changes]
