"""Words for synthetic matters: phrases put together by chance, as long and as repetitive as what people type.

Half of the work orders of a city's 12345 hotline have fewer than 35 characters, one in twenty more than 140; common
pairs of characters stand in every fourth of them, most pairs in hardly any. Nothing here was written by a resident.
"""

import random
from itertools import accumulate

MEDIAN, SPREAD, SHORTEST, LONGEST = 3.5, 0.8, 10, 600  # of the logarithm of the length; of the length
_FIRST = "南北东西塘桂文望鼓老三新金长春永福安明清石白龙凤青云水竹柳梅松江湖河山林泉星月和兴华盛康乐"
_SECOND = "塘园澄澜楼街桥渡湾坪岭溪港洲坡坝台亭井门口冲家铺田堤岸沙石源阳平宁丰泰昌庆祥瑞顺通达景秀"
_KINDS = ("路", "街", "巷", "小区", "花园", "村", "社区", "市场", "小学", "公园", "大道", "广场", "家园", "公寓")
_SPOTS = ("门口", "路口", "北侧", "东侧", "地下车库", "三栋", "公交站旁", "入口处", "对面", "二单元", "围墙外", "桥下")
_PROBLEMS = (
    (
        600,
        (
            "咨询社保缴费年限", "咨询户口迁移手续", "反映村务公开不及时", "建议改进窗口服务", "商家收了钱不退款",
            "咨询公积金提取", "反映虚假宣传", "希望修通断头路", "咨询补贴发放时间", "反映征地补偿标准",
            "快递丢失无人赔偿", "咨询医保报销比例", "希望增加红绿灯", "反映非法营运车辆", "建议开放夜间图书馆",
            "培训机构拒绝退费", "咨询居住证办理", "反映低保评定不公", "希望疏通河道", "健身房关门不退卡",
        ),
    ),
    (52, ("物业收费不透明", "物业不作为", "物业费涨价没有公示")),
    (45, ("工地夜间施工", "施工扬尘很大", "道路施工没有围挡")),
    (40, ("公交线路调整后很不方便", "公交车长时间不来", "希望增加公交班次")),
    (38, ("噪音扰民", "广场舞噪音很大", "空调外机噪音超标")),
    (33, ("停车位被占用", "乱停车堵住消防通道", "停车收费不合理")),
    (23, ("违章建筑没有拆除", "楼顶违章搭建", "违章停车没人管")),
    (21, ("垃圾没有清运", "垃圾堆放发臭", "垃圾桶太少")),
    (16, ("电梯经常停运", "电梯没有年检", "希望加装电梯")),
    (12, ("污水倒灌", "污水横流", "下水道堵塞污水外溢")),
    (11, ("自来水水压不足", "停水没有通知", "自来水发黄")),
    (9, ("路灯不亮", "路灯损坏多日", "希望安装路灯")),
    (8, ("占道经营", "流动摊贩占道", "店铺占道摆放")),
    (7, ("油烟直排", "餐馆油烟扰民")),
    (6, ("学位不足", "幼儿园收费偏高", "学校门口拥堵")),
    (5, ("房产证迟迟办不下来", "开发商延期交房")),
    (4, ("拖欠工资", "工资没有按时发放")),
    (3, ("井盖破损", "井盖缺失", "井盖松动有响声")),
    (3, ("树枝断落", "绿化带枯死")),
    (2, ("健身器材损坏", "网络信号很差")),
    (1, ("蜂窝需要清除", "流浪犬伤人", "养老金没有到账")),
)  # fmt: skip
_MORE = (
    "已经三天了", "有一个多月", "从上周起一直这样", "每到雨天更严重", "晚上十点以后也不停", "反映过两次没有结果",
    "老人出行很不安全", "影响孩子上学", "严重影响居民休息", "我们多次向社区反映", "但是一直没有人来处理",
    "现在问题越来越严重", "附近住了几百户人家", "存在安全隐患", "希望相关部门重视", "请工作人员到现场看看",
    "打电话也没有人接", "工作日早上七点就开始", "旁边的商铺也受影响", "前年修过一次", "大家都觉得不合理",
    "没有任何公示", "我觉得应该有个说法", "业主群里都在议论", "部门之间互相推诿", "什么时候可以解决",
    "这个情况去年就有", "领导来看过一次", "要求尽快整改", "车辆经过十分危险",
)  # fmt: skip
_WISHES = ("请尽快处理", "希望有人来看看", "请告诉我们什么时候能好", "谢谢", "望回复", "请予以解决")
_WEIGHTS = tuple(accumulate(weight for weight, _ in _PROBLEMS))
_FOUND = tuple(words for _, words in _PROBLEMS)


def tell(chance: random.Random) -> str:
    """A matter as somebody might type it; without quotation marks, backslashes and breaks."""
    wanted = min(chance.lognormvariate(MEDIAN, SPREAD), LONGEST)
    pick = chance.choice
    (problems,) = chance.choices(_FOUND, cum_weights=_WEIGHTS)
    told = f"{pick(_FIRST)}{pick(_SECOND)}{pick(_KINDS)}{pick(_SPOTS)}{pick(problems)}"
    while len(told) < wanted - 8:
        told += f"，{pick(_MORE)}"
        if chance.random() < 0.1:
            told += f"，在{pick(_SECOND)}{pick(_FIRST)}店{chance.randrange(1000)}号旁边"
    return f"{told}，{pick(_WISHES)}。" if len(told) < wanted or len(told) < SHORTEST else f"{told}。"
