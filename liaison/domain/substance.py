"""What an answer still says once courtesy, receipts, forwarding and vague intentions are taken away.

Residents stop using a system whose answers only say "handed over". No list of forbidden sentences catches
these, so each clause is cleared of the phrases and words any answer may contain, and what is left is counted.
Tuned against real replies of departments, none of which is kept here. Standard library only.
"""

import re
import unicodedata

MIN_WEIGHT = 8
MIN_CLAUSE = 3

_CLAUSE_ENDS = re.compile(r"[。！？；，,!?;:：…~]+|\.(?!\d)")
_MARKS = re.compile(r"[^\w%]|_")

_TOPIC = (
    "问题|情况|事项|诉求|意见|建议|留言|来信|来电|来函|来帖|来件|帖文|网帖|信件|函件|信访件|工单|内容|"
    "事情|事宜|反映|反应"
)
_ACT = (
    "调查|核实|核查|核处|查处|查证|处理|处置|办理|办复|答复|回复|回应|反馈|研究|论证|调研|落实|关注|跟进|跟踪|协调|协商|"
    "了解|解决|推进|考虑|督办|督促|督查|整改|改进|完善|讨论|商议|研判|部署|安排|执行|受理|分析|对接|沟通|重视|梳理|采纳|吸取|学习"
)
_PLAIN_WORDS = (
    # who
    "(?:我|本)(?:局|办|委|厅|区|县|市|镇|乡|街道|社区|单位|院|校|司|公司|中心|大队|支队|队|站|所|处|科)|"
    "尊敬|亲爱|您|你|贵|我|他们|网友|网民|市民|群众|居民|同志|先生|女士|朋友|楼主|当事人|来信人|来电人|反映人|们|"
    "有关部门|相关部门|职能部门|责任部门|承办部门|部门|相关单位|单位|科室|股室|领导|人员|专人|专班|上级|政府|各方|双方|"
    # what was received
    f"{_TOPIC}|收悉|收到|知悉|获悉|知晓|阅悉|阅知|已阅|登记|记录|备案|存档|留存|参考|依据|平台|所提|提出|咨询|"
    # big words
    "列入议事日程|工作计划|纳入|列入|议程|责成|指派|拿出|留作|作为|以此为契机|为民服务|政治站位|责任担当|责任|意识|提高|提升|"
    "强化|增强|操心事|烦心事|揪心事|利益无小事|群众满意|满意|"
    # what is intended
    f"{_ACT}|正在|正|将会|将|会|要|能|可以|可|继续|进一步|尽快|尽早|尽力|积极|认真|抓紧|加强|加大|加快|及时|立即|迅速|"
    "马上|予以|给予|加以|依法|依规|按照|根据|程序|规定|职责|要求|高度|十分|非常|全力|努力|稍后|随后|近期|第一时间|早日|"
    "妥善|适时|持续|密切|深入|全面|统筹|组织|着力|切实|逐步|一并|专门|专题|抓好|做好|进行|开展|争取|充分|慎重|下一步|今后|"
    # joints
    "关于|针对|对于|就此|此事|此|该|其|以及|工作|当中|之中|过程|结果|进度|进展|措施|力度|方面|具体|详细|上述|所述|如有|如果|"
    "目前|现在|已经|已|均|并|后续|后|再次|再|并且|且|也|都|和|与|及|或|把|将|由|对|向|给|为|在|待|经|所|的|了|到|中|之|、"
)
_WORDS = re.compile(_PLAIN_WORDS)

_HANDED_ON = re.compile(
    r"交办|(?<!未)(?<!没有)移交|交由|转交|转办|转至|转给|转送|转达|转呈|批转|函转|函告|派单|派发|分派|流转至|上报|报送|呈报|呈送|"
    r"(?:[已将会经我办直接再现拟并被]|题|况|言|信|议|帖文?)转(?![让学移业账帐正户变化换型包租弯向干岗入诊院运播售卖])|"
    r"(?:[已将现并]|题|况)(?:交|报告?)(?:给|到|至|由|有关|相关|\w{1,6}(?:局|委|办|部门|单位|公司|政府))|(?:向|给).{0,10}(?:汇报|反馈|反映)"
)
_STOCK = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:尊敬的|亲爱的)?(?:网友|网民|市民|群众|居民|同志|来信人|留言人|代表)+[\w\"“”'‘’()（）]{0,16}$|(?:您|你)们?好",
        r"^\w{1,10}(?:先生|女士|同志|朋友)(?:您|你)?好?$|[A-Za-z]{1,3}\d{3,}",
        r"\d{2,4}[年./-]\d{1,2}[月./-]\d{1,2}日?$|0\d{2,3}(?:-\d{7,8})?$|^通过.{0,24}(?:留言|来信)",
        r"^\w{2,24}(?:局|办|委|厅|政府|街道|中心|公司|科|(?<![\d一二三四五六七八九十百两几多数])处|站|队|委员会|办公室)$",
        r"(?:再次|衷心|诚挚|最后|首先)*(?:感谢|谢谢|致谢|多谢).*",
        r"^顺?祝.*|^敬[请祝].*|^.*(?:理解|谅解|监督|关心|关注|信任)[与和、及](?:支持|监督|理解).*",
        r"^(?:也|恳|还|特)?请(?:您|你|大家)?(?:予以|给予|继续|耐心|多|勿|随时|持续|保持)?(?:关注|留意|理解|谅解|等待|放心|重复).*",
        r"^(?:希望|望|欢迎|期待|敬请).{0,16}(?:理解|支持|谅解|满意|监督|关注|帮助|来访|来电|意见|建议).*",
        r".{0,6}(?:带来|造成).{0,6}不便.*|^(?:深表|表示|深感).{0,4}(?:歉意|抱歉|遗憾|理解)$",
        r"(?:现|特|兹)?(?:就|将|对|把)?.{0,16}(?:答复|回复|回应|反馈|说明|解释|情况)如下|^(?:特此|专此)\w{2}$",
        r"^(?:关于|针对|对于|就)?(?:您|你)?(?:通过|在)?.{0,14}?(?:所)?(?:反映|反应|提出|咨询|来信|留言|关于).{0,40}?(?:问题|情况|事项|诉求|建议|意见|留言|一事)$",
        r"(?:请|可|建议|烦请|欢迎).{0,24}(?:咨询|联系|拨打|致电|垂询|来电|查询|反映|反馈|提出).*",
        r"(?:联系|咨询|监督|服务|办公|举报)?(?:电话|热线|邮箱|联系人)[\d\-转\[\]电话()（）]*$",
    )
)


def substance(text: str, min_clause: int = MIN_CLAUSE) -> list[str]:
    """Return what remains of each clause that says something of its own, in order.

    Remains of fewer than `min_clause` characters are crumbs and count nothing.
    """
    narrow = unicodedata.normalize("NFKC", text)
    clauses = (_strip("".join(clause.split())) for clause in _CLAUSE_ENDS.split(narrow))
    return [clause for clause in clauses if len(clause) >= min_clause]


def weight(text: str, min_clause: int = MIN_CLAUSE) -> int:
    """Return how many characters of an answer say something of their own."""
    return sum(map(len, substance(text, min_clause)))


def is_hollow(text: str) -> bool:
    """Tell whether an answer only thanks, confirms receipt, forwards, or says that something is studied."""
    return weight(text) < MIN_WEIGHT


def _strip(clause: str) -> str:
    """Return a clause without stock phrases and plain words; nothing of one that only hands on."""
    for phrase in _STOCK:
        clause = phrase.sub("", clause)
    if _HANDED_ON.search(clause):
        return ""
    return _MARKS.sub("", _WORDS.sub("", clause))
