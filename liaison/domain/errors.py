"""The ways a use case can refuse, in the words of the field; knows nothing of HTTP."""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """A refusal a person should read: `detail` is Chinese and says what to do next."""

    detail = "操作没有成功，请稍后再试。"

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or self.detail
        super().__init__(self.detail)


class NotFound(DomainError):
    """The thing does not exist, or the actor must not learn that it does."""

    detail = "没有找到，请核对编号后再试。"


class NotAllowed(DomainError):
    """The actor's role or relation does not permit the action."""

    detail = "您没有权限这样操作；如有需要，请联系人大办。"


class WrongState(DomainError):
    """The case does not permit the move now; carries its `state` and whom it waits for."""

    detail = "事项当前的状态不能这样操作，请刷新后查看最新进展。"

    def __init__(self, detail: str | None = None, *, state: str = "", waiting_for: str | None = None) -> None:
        super().__init__(detail)
        self.state = state
        self.waiting_for = waiting_for


class Conflict(DomainError):
    """The request contradicts something that already happened."""

    detail = "与已有的记录冲突，请刷新后再试。"


class Unavailable(DomainError):
    """A part of the house has given way, such as the database or the disk: the same request may succeed later."""

    detail = "系统正在恢复，请稍后再试。"


class Invalid(DomainError):
    """Some fields cannot be accepted; `errors` maps field names to Chinese sentences."""

    detail = "填写的内容有误，请按提示修改后再提交。"

    def __init__(self, errors: Mapping[str, Sequence[str]], detail: str | None = None) -> None:
        super().__init__(detail)
        self.errors = {field: list(sentences) for field, sentences in errors.items()}
