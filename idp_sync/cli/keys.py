"""idp-sync keys: the tokens, and the certificates on them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from idp_sync.bootstrap import Installation
from idp_sync.cli.common import acting, actor_of, as_json, installation, print_json, print_table, say
from idp_sync.cli.outcome import finish, say_synced
from idp_sync.cli.receipts import receipt
from idp_sync.cli.streams import complain
from idp_sync.domain.errors import InputError
from idp_sync.domain.key import KeyPackage, RevocationReason
from idp_sync.domain.unit import UserClass


@click.group()
def keys() -> None:
    """密钥 / keys: the tokens, and the certificates on them."""


@keys.command()
@click.argument("user_class", type=click.Choice([c.value for c in UserClass]))
@click.argument("count", type=click.IntRange(1, 10_000))
@acting
@click.pass_context
def stock(context: click.Context, user_class: str, count: int, acting_as: str) -> None:
    """入库 / take new keys into stock, for management or enterprise users."""
    house = installation(context)
    taken = house.issue.take_into_stock(UserClass(user_class), count, actor=actor_of(house, acting_as))
    say(f"入库 / in stock: {taken[0].number} … {taken[-1].number} ({len(taken)})")


@keys.command("list")
@as_json
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """密钥清单 / all keys."""
    house = installation(context)
    with house.register.transaction(read_only=True) as tx:
        found = list(tx.keys.all())
    if as_json:
        print_json(
            [
                {"number": k.number, "state": k.state, "login": k.login, "user_class": k.user_class, "office": k.office}
                for k in found
            ]
        )
        return
    print_table(
        f"密钥 / keys: {len(found)}",
        ("编号", "状态", "用户", "类别", "领取人"),
        ((k.number, k.state.zh, k.login or "—", k.user_class.zh, k.handed_over_to or "—") for k in found),
    )


@keys.command()
@click.argument("login", metavar="登录名称")
@click.option("--to", "handed_to", required=True, help="领取人 / who takes the key.")
@click.option(
    "--key", "key_number", help="密钥编号，缺省取库存最小号 / the key's number; the lowest in stock if not given."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False),
    help="存放证书包与密码单的文件夹 / folder for the PKCS#12 file and the sheet with its password.",
)
@acting
@click.pass_context
def issue(
    context: click.Context, login: str, *, handed_to: str, key_number: str | None, out: str, acting_as: str
) -> None:
    """发放 / sign the certificate, bind it to the account, and record the hand-over."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    folder = _folder(Path(out))
    delivered: list[KeyPackage] = []

    def deliver(package: KeyPackage) -> None:
        _write(folder, package)
        delivered.append(package)

    try:
        issued = house.issue.issue(login, actor=actor, handed_to=handed_to, key_number=key_number, deliver=deliver)
    except BaseException:
        for package in delivered:
            _withdraw(house, folder, package)
        raise
    certificate = issued.package.certificate
    say(f"{issued.key.number} → {login}（{issued.account.name}）  领取人 / handed to: {handed_to}")
    span = f"{certificate.not_before:%Y-%m-%d} … {certificate.not_after:%Y-%m-%d}"
    say(f"  证书 / certificate: {certificate.serial}  {span}")
    for path in _files(folder, issued.package):
        say(f"  {path}")
    synced = house.synchronise.push([login], actor=actor)
    say_synced(synced)
    finish(synced)


@keys.command()
@click.argument("key_number", metavar="密钥编号")
@click.option(
    "--reason",
    type=click.Choice([r.value for r in RevocationReason]),
    default=RevocationReason.KEY_COMPROMISE.value,
    show_default=True,
    help="原因 / reason, RFC 5280.",
)
@click.option("--dry-run", is_flag=True, help="只显示 / only say what would happen.")
@acting
@click.pass_context
def revoke(context: click.Context, key_number: str, reason: str, acting_as: str, *, dry_run: bool) -> None:
    """吊销 / revoke at once: the key opens nothing any more, and open sessions end. Final."""
    house = installation(context)
    actor = actor_of(house, acting_as)
    if dry_run:
        with house.register.transaction(read_only=True) as tx:
            key = tx.keys.get(key_number)
        say(f"{key_number}：{key.state.zh}  {key.login or '—'}  将吊销 / would be revoked: {reason}")
        return
    revoked = house.revoke.revoke(key_number, actor=actor, reason=RevocationReason(reason))
    say(f"{key_number}：已吊销 / revoked: {revoked.login}  {revoked.serial}  {reason}")
    say_synced(revoked.synced)
    finish(revoked.synced)


@keys.command("return")
@click.argument("key_number", metavar="密钥编号")
@click.option("--from", "brought_by", required=True, help="交回人 / who brings it.")
@acting
@click.pass_context
def return_(context: click.Context, key_number: str, brought_by: str, acting_as: str) -> None:
    """收回 / a key is back at the office that issued it."""
    house = installation(context)
    collected = house.collect.take_back(key_number, actor=actor_of(house, acting_as), brought_by=brought_by)
    say(f"{key_number}：{collected.key.state.zh} / {collected.key.state.value}")
    finish(collected.synced)


@keys.command()
@click.argument("key_number", metavar="密钥编号")
@click.option("--reported-by", required=True, help="报失人 / who reports it.")
@acting
@click.pass_context
def lost(context: click.Context, key_number: str, reported_by: str, acting_as: str) -> None:
    """挂失 / a key is lost: it opens nothing from this moment, and nobody waits for it any more. Final."""
    house = installation(context)
    collected = house.collect.declare_lost(key_number, actor=actor_of(house, acting_as), reported_by=reported_by)
    say(f"{key_number}：{collected.key.state.zh} / {collected.key.state.value}")
    say_synced(collected.synced)
    finish(collected.synced)


keys.add_command(receipt)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(f"{path}：不能建立文件夹 / can't be made: {error.strerror}") from None
    return path


def _files(folder: Path, package: KeyPackage) -> dict[Path, bytes]:
    """The package, and the sheet with its password."""
    name = f"{package.certificate.key_number}-{package.certificate.serial[:8]}"
    return {
        folder / f"{name}.p12": package.pkcs12,
        folder / f"{name}.password.txt": (package.password + "\n").encode(),
    }


def _write(folder: Path, package: KeyPackage) -> None:
    """Both files, readable by their owner only; never over an older one, and durable when this returns."""
    written: list[Path] = []
    try:
        for path, content in _files(folder, package).items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            written.append(path)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _make_durable(folder)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{folder}：不能写入 / can't be written: {error.strerror}; nothing was issued") from None
        raise


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _withdraw(house: Installation, folder: Path, package: KeyPackage) -> None:
    """Take the files of what was not issued away again. What is on record was issued: its files are never lost."""
    files = _files(folder, package)
    if house.issue.is_recorded(package):
        complain(f"已发放 / was issued all the same: {' '.join(map(str, files))}")
        return
    for path in files:
        path.unlink(missing_ok=True)
