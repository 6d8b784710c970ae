"""idp-sync keys receipt: what is signed when a key changes hands."""

from __future__ import annotations

from pathlib import Path

import click

from idp_sync.cli.common import acting, actor_of, installation, say
from idp_sync.domain.errors import InputError


@click.command()
@click.argument("key_number", metavar="密钥编号")
@click.option("--pdf", "pdf_file", type=click.Path(dir_okay=False), required=True, help="写到的PDF / the PDF to write.")
@acting
@click.pass_context
def receipt(context: click.Context, key_number: str, pdf_file: str, acting_as: str) -> None:
    """交接单或回收单 / the receipt to be signed for a key's hand-over, or its return, as PDF.

    交接单载有第八条全文，由领取人签字 / the holder signs Article 8, word for word.
    """
    house = installation(context)
    letter = house.receipts.of(key_number, actor=actor_of(house, acting_as))
    try:
        Path(pdf_file).write_bytes(house.paper.letter_pdf(letter))
    except OSError as error:
        raise InputError(f"{pdf_file}：不能写入 / can't be written: {error.strerror}") from None
    say(f"{letter.title} {letter.number}：{pdf_file}")
