"""How each move looks as a form: its title, its button, its inputs. The table `FACES` is keyed by policy action.

What an input accepts is decided by the schema of the move alone; here stand only words and shapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from liaison.services.extensions import LONGEST


@dataclass(frozen=True)
class Field:
    """One input. `kind`: area, line, number, date, select, checks (many), radio (one), tick (yes), files.

    `choices` names a list of `choices.Choices`; `aside` folds the input away as rarely needed.
    """

    name: str
    label: str
    kind: str = "area"
    choices: str = ""
    help: str = ""
    required: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Face:
    """A move's form; `grave` moves are coloured as such."""

    title: str
    button: str
    fields: tuple[Field, ...] = ()
    help: str = ""
    grave: bool = False


def _reason(label: str = "理由", help: str = "") -> Field:
    return Field("reason", label, help=help, required=True)


def _decision(yes_no: str, words: str = "说明（不同意时必填）") -> tuple[Field, ...]:
    return (Field("approve", "决定", "radio", yes_no, required=True), Field("text", words))


_CHANNEL = Field("channel", "应当走的渠道", "select", "channel", "会告知群众。", required=True)
_QUESTION = Field("question", "请群众补充什么", help="写清需要哪些情况、怎样补充。等待期间时限暂停。", required=True)
_VERDICT = (
    Field("accept", "这份答复", "radio", "accept", required=True),
    Field("text", "意见（退回补办时必填）", help="写明哪里没有答到，部门据此补办。"),
)
_ANSWER = (
    Field("text", "答复内容", help="写清查到了什么、做了什么、结果如何；群众会看到全文。", required=True),
    Field("outcome", "办理结果类别", "radio", "outcome_needs", required=True),
    Field("measures", "具体措施或依据", help="A、B 类写采取了什么措施；C、D 类写法律、规划、资金等依据。"),
    Field("owner", "责任科室或责任人", "line", help="写到科室或姓名，不能只写“相关部门”。", required=True),
    Field("promised_on", "承诺办结日期", "date", help="B 类必填，须晚于今天。"),
    Field("files", "佐证材料", "files", help="A 类请附办结照片或材料。可选多个文件。"),
)

FACES: Mapping[str, Face] = MappingProxyType(
    {
        "office.accept": Face("初审通过", "通过初审", help="转给责任代表；没有责任代表的，直接进入待交办。"),
        "office.refuse": Face(
            "不予受理", "不予受理", (_reason(help="会原样告知群众，请写清依据。"), _CHANNEL), grave=True
        ),
        "office.redirect": Face(
            "转法定渠道", "转法定渠道", (_CHANNEL, Field("reason", "说明", help="会告知群众。")), grave=True
        ),
        "office.merge": Face(
            "并入同一事项",
            "并单",
            (Field("into", "并入哪件事项（编号）", "line", help="群众将收到那件事项的答复。", required=True),),
            grave=True,
        ),
        "office.ask": Face("请群众补充", "发出询问", (_QUESTION,)),
        "office.restore": Face("恢复办理", "恢复", (_reason("为什么恢复"),), "回到待初审。"),
        "office.dispatch": Face(
            "交办",
            "交办",
            (
                Field("lead", "主办单位", "select", "departments", "由一家牵头答复；几家各办各的，请留空并选分办。"),
                Field("assisting", "协办单位", "checks", "departments", "协办时限为主办的一半。", aside=True),
                Field("separate", "分办单位", "checks", "departments", "各自答复，不设主办。", aside=True),
                Field("complexity", "办理难度", "radio", "complexity", "决定办理时限，从交办时起算。", required=True),
                Field("text", "交办意见"),
            ),
            help="时限从交办时起算，不等签收。",
        ),
        "office.send_back": Face("退回代表", "退回代表", (_reason("退回理由"),)),
        "office.extension_decision": Face("延期审批", "提交决定", _decision("approve")),
        "office.return_decision": Face(
            "退办审批", "提交决定", _decision("approve"), help="不同意的，部门不能再次申请退办。"
        ),
        "office.reply_decision": Face("代为签发答复", "提交决定", _decision("sign", "说明（退回修改时必填）")),
        "office.verdict": Face("审看部门答复", "提交意见", _VERDICT, "没有责任代表的事项由人大办审看。"),
        "office.look_back": Face(
            "回头看",
            "记录回头看",
            (Field("done", "实地看到", "radio", "done", required=True), Field("text", "回头看情况", required=True)),
            help="发现没有办实的，事项会重新办理。",
        ),
        "office.break_promise": Face(
            "认定承诺未兑现", "重新办理", (Field("text", "说明"),), "承诺没有兑现，重新交办。", grave=True
        ),
        "office.reveal": Face(
            "申请查看联系方式",
            "提交申请",
            (_reason("为什么需要联系群众", "至少 10 个字；群众会看到这段理由。"),),
            "须由另一位负责人审批，只开放 15 分钟；申请和审批会写入经过，群众可以看到。",
        ),
        "office.reveal_decision": Face("审批查看联系方式", "提交决定", _decision("approve", "说明")),
        "office.reveal_end": Face("结束查看联系方式", "提前结束", help="不到 15 分钟也可以结束；会写入经过。"),
        "office.bar": Face(
            "登记回避对象",
            "列入回避",
            (
                Field("department", "被反映的单位", "select", "departments"),
                Field("deputy", "被反映的代表", "select", "all_deputies", aside=True),
                Field("account", "被反映的工作人员", "select", "accounts", aside=True),
                _reason("为什么", "例如“群众反映的就是该局执法人员”。只有人大办和审计员看得到。"),
            ),
            help="一次登记一个。立即生效：它和分管它的代表看不到、查不到这件事项，也收不到通知；正在它手里的，收回另行安排。",
        ),
        "office.lift_bar": Face(
            "解除回避",
            "解除回避",
            (_reason("为什么解除", "例如“文中只是提到，不是反映它”，或“须由该单位自己说明情况”。"),),
            help="解除后可以向它交办。曾被列为反映对象的，仍看不到是谁反映的。",
            grave=True,
        ),
        "office.publication": Face(
            "公开答复",
            "公开",
            (
                Field("title", "公开标题", "line", required=True),
                Field("text", "公开的事由", help="请删去姓名、电话、门牌等能认出个人的内容。", required=True),
                Field("answer", "公开的答复", required=True),
                Field("consent", "群众已同意公开", "tick", required=True),
                Field("because", "有内容提示、仍要公开的理由", "line"),
            ),
            help="原文保留，公开的是这里改写后的文字。",
        ),
        "office.unpublish": Face(
            "撤下公开的答复",
            "撤下",
            (_reason(help="写入经过，只有工作人员看得到。"),),
            "公众一分钟内就看不到了。",
            grave=True,
        ),
        "office.erasure_decision": Face(
            "群众要求删除个人信息",
            "提交决定",
            _decision("approve", "理由（不同意时必填，群众会看到）"),
            "同意后立即删除称呼、电话、位置和照片，遮盖文字里的这些内容，不能恢复。须在 15 个工作日内决定。",
            grave=True,
        ),
        "office.hold": Face(
            "依法保留",
            "提交",
            (Field("on", "这件事项", "radio", "hold", required=True), _reason()),
            "因复查、审计、诉讼等需要，暂停删除这件事项的任何内容；不再需要时请及时解除。",
        ),
        "deputy.claim": Face("认领", "我来处理", help="认领后，群众会看到您已接手。"),
        "deputy.answer": Face(
            "直接答复",
            "发出答复",
            (
                Field("text", "答复内容", help="写清您核实到了什么、怎么解决的。", required=True),
                Field("outcome", "结果类别", "radio", "outcome", required=True),
            ),
        ),
        "deputy.hand_over": Face(
            "上交人大办",
            "上交",
            (
                Field("advice", "核实情况和建议", help="写清实地看到的情况和您的建议。", required=True),
                Field("departments", "建议承办单位", "checks", "departments", aside=True),
            ),
        ),
        "deputy.pass": Face(
            "转另一位代表", "转出", (Field("deputy", "转给", "select", "deputies", required=True), _reason())
        ),
        "deputy.ask": Face("请群众补充", "发出询问", (_QUESTION,)),
        "deputy.verdict": Face("审看部门答复", "提交意见", _VERDICT, "您审看后，再请群众评价。"),
        "deputy.refuse": Face("不予受理", "不予受理", (_reason(help="会原样告知群众。"), _CHANNEL), grave=True),
        "deputy.redirect": Face(
            "转法定渠道", "转法定渠道", (_CHANNEL, Field("reason", "说明", help="会告知群众。")), grave=True
        ),
        "assignment.acknowledge": Face("签收", "签收", help="时限从交办时起算，签收不会推迟时限。"),
        "assignment.return": Face(
            "申请退办",
            "提交退办申请",
            (
                _reason(help="写明不属于本单位职责的依据。只能申请一次。"),
                Field("belongs_to", "应当由谁办理", "select", "departments"),
            ),
            grave=True,
        ),
        "assignment.extension": Face(
            "申请延期",
            "提交延期申请",
            (
                Field("working_days", f"延长几个工作日（1–{LONGEST}）", "number", required=True),
                _reason(help="批准后会告知群众。每个时限只能延长一次。"),
            ),
        ),
        "assignment.reply": Face("报送答复", "报送签发", _ANSWER, "签发人签发后才会发出。"),
        "assignment.approval": Face("签发答复", "提交", _decision("sign", "说明（退回修改时必填）")),
        "assignment.fulfil": Face("报告承诺已兑现", "报告兑现", _ANSWER, "办实后报告，会再次请群众评价。"),
    }
)
