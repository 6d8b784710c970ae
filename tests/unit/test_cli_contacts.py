"""`idp-sync contacts`: the offices of Article 10, with what the site's own rule book says of how to reach them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from idp_sync.cli import cli
from idp_sync.shipped import folder


def test_the_offices_of_article_10_answer_without_an_installation(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--home", str(tmp_path), "contacts", "--json"])
    assert result.exit_code == 0
    assert [(c["question"], c["office"]) for c in json.loads(result.output)] == [
        ("密钥及权限问题", "城建研究中心"),
        ("技术支持", "信息中心"),
    ]
    people = CliRunner().invoke(cli, ["--home", str(tmp_path), "contacts"])
    assert "城建研究中心" in people.output
    assert people.output.count("未填写") == 2


def test_a_site_says_how_to_reach_them(tmp_path: Path) -> None:
    shutil.copytree(folder("roles"), tmp_path / "roles")
    offices = tmp_path / "roles" / "offices.yaml"
    filled_in = offices.read_text("utf-8").replace('contact: ""', "contact: 010-00000000 工作日9时至17时")
    offices.write_text(filled_in, encoding="utf-8")
    (tmp_path / "idp-sync.toml").write_text(_SETTINGS, encoding="utf-8")
    result = CliRunner().invoke(cli, ["--home", str(tmp_path), "contacts", "--json"])
    assert result.exit_code == 0, result.exception
    assert {c["contact"] for c in json.loads(result.output)} == {"010-00000000 工作日9时至17时"}


_SETTINGS = """
roles_folder = "roles"
[register]
url = "sqlite:////nowhere/register.sqlite"
key_file = "register.key"
[directory]
url = "ldaps://ldap.invalid"
suffix = "dc=example"
bind_dn = "cn=idp-sync,dc=example"
password_file = "secret"
ca_file = "ca.pem"
[realms]
url = "https://login.invalid"
ca_file = "ca.pem"
client_secret_file = "secret"
directory_url = "ldaps://ldap.invalid"
directory_bind_dn = "cn=keycloak,dc=example"
directory_password_file = "secret"
[authority]
folder = "authority"
passphrase_file = "secret"
"""
