"""The command line: parse, call a service, show."""

from __future__ import annotations

import os
import signal
import sys
import traceback

import click

import idp_sync
from idp_sync.cli.lazy import LazyGroup
from idp_sync.cli.streams import NobodyReads, complain, discard_output, prepare_streams
from idp_sync.domain.errors import IdpSyncError, Unavailable

#: conventional for an interruption by SIGINT
INTERRUPTED = 130
#: likewise by SIGPIPE: whoever read the output has gone, and what was not yet done is not done
NOBODY_READS = 141
#: EX_SOFTWARE of sysexits.h
INTERNAL = 70

#: set to anything, it shows where a fault of ours happened; the message itself may quote data
TRACEBACK_VARIABLE = "IDP_SYNC_TRACEBACK"

_COMMANDS = {
    "stack": ("idp_sync.cli.stack:stack", "本机演示服务 / real slapd and Keycloak as child processes"),
    "init": ("idp_sync.cli.init:init", "建立系统 / set up register, authority, directory and realms"),
    "applications": ("idp_sync.cli.applications:applications", "申请 / import, check, list, approve, return, reject"),
    "accounts": ("idp_sync.cli.accounts:accounts", "用户 / list, show, restore"),
    "keys": ("idp_sync.cli.keys:keys", "密钥 / stock, issue, revoke, list"),
    "units": ("idp_sync.cli.units:units", "单位 / list, show, change, merge, contact, ask, confirm"),
    "duties": ("idp_sync.cli.duties:duties", "待办事项 / what offices and units have still to do, and since when"),
    "attachments": ("idp_sync.cli.attachments:attachments", "附件 / scans of papers: add, list, export, check, purge"),
    "notices": (
        "idp_sync.cli.notices:notices",
        "通知 / notices by e-mail and letter: list, send, print, resend, settle",
    ),
    "plan": ("idp_sync.cli.synchronise:plan", "将要做的变更 / what sync would change"),
    "sync": ("idp_sync.cli.synchronise:sync", "执行同步 / make directory and realms agree with the register"),
    "drift": ("idp_sync.cli.synchronise:drift", "他处的改动 / what others changed behind our back"),
    "sweep": ("idp_sync.cli.sweep:sweep", "半年用户清理 / suspend the idle; shows a plan unless --apply"),
    "permissions": ("idp_sync.cli.permissions:permissions", "权限目录 / the permission catalogue"),
    "contacts": ("idp_sync.cli.contacts:contacts", "疑问解答 / who answers questions, and how to reach them"),
    "report": ("idp_sync.cli.report:report", "报表 / users, who may, person, open-tasks, changes, orphans"),
    "journal": ("idp_sync.cli.journal:journal", "日志 / who did what, for which office, by which article"),
}


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(idp_sync.__version__, prog_name="idp-sync")
@click.option(
    "--home",
    envvar="IDP_SYNC_HOME",
    type=click.Path(file_okay=False),
    help="安装目录 / home folder of the installation (default: the user's state folder).",
)
@click.pass_context
def cli(context: click.Context, home: str | None) -> None:
    """北京市房地产交易权属管理系统和档案管理系统用户及密钥管理.

    Users, permissions and keys: from approved applications to LDAP, Keycloak and certificates.
    """
    context.obj = home


def main() -> None:
    """Entry point: every error that a person can act upon is one line and a documented exit code."""
    prepare_streams()
    try:
        # without standalone mode click returns the exit code that a command asked for
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the last guard: whatever it is, it is said in one line
        code = _ended_by(error)
    # what is open is closed on the way out: an impatient second Ctrl-C would only print tracebacks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code if isinstance(code, int) else 0)


def _ended_by(error: BaseException) -> int:
    """Say what ended the command; the exit code."""
    if _was_interrupted(error):
        complain("已中断；再次执行即可继续 / interrupted: run it again to go on")
        return INTERRUPTED
    match error:
        case click.ClickException():
            error.show()
            return error.exit_code
        case IdpSyncError():
            complain(f"错误 / error: {error}")
            return error.exit_code
        case NobodyReads() | BrokenPipeError():
            discard_output()
            return NOBODY_READS
        case OSError():
            discard_output()
            what = error.filename or "输出 / output"
            complain(f"错误 / error: {what}：不能读写 / can't be read or written: {error.strerror}")
            return Unavailable.exit_code
    return _fault(error)


def _was_interrupted(error: BaseException) -> bool:
    """Whether Ctrl-C is behind it: Python wraps what comes up while a class is being made."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, click.Abort | KeyboardInterrupt):
            return True
        behind = behind.__cause__ or behind.__context__
    return False


def _fault(error: BaseException) -> int:
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
        return INTERNAL
    where = traceback.extract_tb(error.__traceback__)[-1]
    complain(
        f"内部错误 / a fault of idp-sync: {type(error).__name__} in {where.name} ({where.lineno});"
        f" please report it with the output of {TRACEBACK_VARIABLE}=1"
    )
    return INTERNAL
