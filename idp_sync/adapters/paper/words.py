"""What is printed on a form beside its columns: to whom it goes, and the words of a written request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from idp_sync.domain.application import PROMISE, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A written request as we print it blank."""

    #: the office that it is addressed to (Article 6)
    addressee: str
    #: its words; whoever hands it in may add his own
    words: str


#: forms.yaml has the columns of these forms; that they are letters rather than tables is the regulation's
REQUESTS: Final = {
    Form.ENTERPRISE_CANCEL: Request(
        addressee="市住房城乡建设委综合服务中心",
        words=f"因人员离职（岗），我单位申请注销下列用户，并承诺：{PROMISE}。",
    ),
    Form.RESTORE: Request(
        addressee="市城建研究中心",
        words="下列用户因半年内未登录系统，被暂时取消登录资格，现申请恢复登录资格后继续申请办理相关业务。",
    ),
    Form.BUSINESS_DELETION: Request(
        addressee="市城建研究中心",
        words="下列用户的密钥注销后发现存在未完成的业务，现申请删除相关业务。",
    ),
}
