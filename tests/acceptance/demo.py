"""The main job, shown step by step in the terminal, on real servers: `make demo` runs this."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.acceptance.story import Failed, Story  # noqa: E402 - the root must be on the path first

CLAIMS = (
    "preferred_username",
    "name",
    "user_class",
    "level",
    "district",
    "unit",
    "organisation_type",
    "permissions",
)


def say(text: str) -> None:
    """To the terminal, at once."""
    print(text, flush=True)  # noqa: T201 - this is what a demo is for


def chapter(number: int, chinese: str, english: str) -> None:
    """A heading."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    say(f"\n{bold}── {number}. {chinese} / {english} ──{plain}")


def main() -> int:
    """Tell the story; what runs at the end is left running, to be explored."""
    home = ROOT / "state" / "demo"
    story = Story(home=home, say=say)
    begun = time.monotonic()
    if home.exists():  # an earlier demo: its servers end, and it begins anew
        story.run("stack", "down", quiet=True)
        shutil.rmtree(home)
    try:
        _tell(story)
    except Failed as failure:
        say(f"\n演示中断 / the demo stopped: {failure}")
        return 1
    finally_ = f"{time.monotonic() - begun:.0f}"
    _summary(story, finally_)
    return 0


def _tell(story: Story) -> None:
    chapter(0, "启动真实的 slapd 与 Keycloak", "real servers, as child processes")
    say("# 时钟拨回200天，好让半年在演示中过去 / the clock stands 200 days back, so that half a year can pass")
    story.start()
    chapter(1, "建立系统", "init, twice: the second run changes nothing")
    story.set_up()
    story.set_up()
    chapter(2, "受理申请", "applications come in, good and faulty")
    story.hand_in()
    chapter(3, "审核", "approved by the office whose matter it is")
    story.decide()
    story.run("applications", "list")
    chapter(4, "计划与同步", "plan, sync, and what somebody did behind our back")
    story.synchronise()
    clerk, reviewer = story.login_of("钱·试用"), story.login_of("赵样例")
    story.tamper(clerk, "MGMT-DIST.REG.02")
    chapter(5, "发放密钥", "keys are issued and handed over")
    story.stock()
    developer, archivist = story.login_of("陈样例"), story.login_of("欧阳试用")
    for login in (reviewer, clerk, developer, archivist):
        story.issue(login)
    chapter(6, "持密钥登录", "log in over mutual TLS, through a real browser")
    for login, system in ((developer, "trading"), (archivist, "archive")):
        session = story.log_in(login, system, browser=True)
        say(f"{login} → {system}：已登录 / logged in; the token says")
        shown = {claim: session.claims[claim] for claim in CLAIMS if claim in session.claims}
        say(json.dumps(shown, ensure_ascii=False, indent=2))
    keyless = story.login_of("吴𠮷例")
    say(f"{keyless}（未领密钥 / approved, but without a key）→ trading：{story.refusal(keyless, 'trading')}")
    chapter(7, "吊销", "a key is revoked: the next login is refused, the open session is gone")
    session = story.log_in(reviewer, "trading")
    say(f"{reviewer} → trading：已登录，会话开着 / logged in, the session is open")
    command, refused, why = story.revoke(reviewer, "trading")
    say(f"{reviewer} → trading：{why}")
    say(f"命令 {command:.2f} s，至登录被拒 {refused:.2f} s / from command to refused login")
    try:
        session.refresh()
    except Exception as gone:  # noqa: BLE001 - any refusal is what is shown
        say(f"原会话 / the open session: {gone}")
    chapter(8, "半年过去", "half a year passes; who did not log in is suspended, and restored")
    story.half_a_year_passes()
    story.sweep()
    say(f"{clerk} → trading：{story.refusal(clerk, 'trading')}")
    story.restore(clerk)
    say(f"{clerk} → trading：{story.refusal(clerk, 'trading') or '已登录 / logged in'}")
    chapter(9, "日志", "everything is recorded")
    story.run("journal", "--limit", "12")


def _summary(story: Story, seconds: str) -> None:
    settings = story.settings
    say(f"\n完成，用时 {seconds} s。服务仍在运行 / done; the servers are still running:")
    say(f"  Keycloak  {settings.realms.url}    LDAP  {settings.directory.url}")
    say("继续探索 / explore further:")
    say(f'  export IDP_SYNC_HOME="{story.home}"')
    say("  ./run idp-sync accounts list        ./run idp-sync journal        ./run idp-sync --help")
    say("停止 / stop:  ./run idp-sync stack down")


if __name__ == "__main__":
    sys.exit(main())
