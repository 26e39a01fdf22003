"""What the settings page calls what a county may set, why its bounds are where they are, and from when it holds."""

from collections.abc import Mapping
from types import MappingProxyType

PREFERENCE_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "preference_group": {"answers": "答复要求", "handling": "办理", "safety": "登录", "figures": "统计与回访"},
        "preference_from": {
            "answers": "保存后，对新提交的答复生效；已提交的不受影响。",
            "handling": "保存后，对新提出的申请生效；已批准的不变。",
            "safety": "保存后，对所有人立即生效。",
            "figures": "保存后立即生效，只影响显示和默认值，不改动任何事项。",
        },
        "preference": {
            "answer_shortest": "答复最少字数",
            "answer_promise": "承诺办结最长多久",
            "extension_longest": "一次最多延期多久",
            "session_idle": "多久不操作自动退出",
            "figures_least": "不足多少件不显示百分比",
            "station_silent": "联络站多久没人反映算“安静”",
            "sample_percent": "回头看抽样比例（默认值）",
        },
        "preference_unit": {
            "answer_shortest": "字",
            "answer_promise": "天",
            "extension_longest": "个工作日",
            "session_idle": "分钟",
            "figures_least": "件",
            "station_silent": "天",
            "sample_percent": "%",
        },
        "preference_why": {
            "answer_shortest": "少于 10 个字说不清结果；超过 100 个字会拦下本来清楚的短答复。",
            "answer_promise": "最长两年；最短一个季度，修路、换管网要这么久。",
            "extension_longest": "不得超过最长的办理时限（15 个工作日）；每个时限只能延期一次。",
            "session_idle": "等保三级要求不超过 30 分钟；少于 10 分钟，写答复时容易被退出。",
            "figures_least": "少于 5 件会看出是谁；超过 50 件，小站永远看不到比例。",
            "station_silent": "在总览中提醒：二维码可能不见了。",
            "sample_percent": "抽样时仍可当场改；一次最多抽 200 件。",
        },
    }
)
