"""What the auditor reads for what was written down, and for what is told with it."""

from collections.abc import Mapping
from types import MappingProxyType

AUDIT_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "audit": {
            "read.contact": "查看群众姓名、电话",
            "export.backup": "导出全部数据（备份）",
            "restore": "从备份恢复数据",
            "setting.ladder": "修改提醒对象",
            "setting.ladder_reset": "恢复默认提醒对象",
            "setting.terms": "修改时限",
            "setting.rule": "新增或修改分派规则",
            "setting.rule_switch": "启用或停用分派规则",
            "setting.calendar": "导入节假日安排",
            "setting.screening": "修改联络站是否先审核",
            "setting.county": "导入区划、站点等基础资料",
            "account.add": "新增账号",
            "account.disable": "停用账号",
            "account.enable": "启用账号",
            "account.unlock": "解除账号锁定",
            "account.change": "修改账号的角色或单位",
            "account.revoke": "让账号退出所有登录",
            "account.lock": "多次输错，账号自动锁定",
            "account.password": "本人修改密码",
            "account.factor": "本人绑定身份验证器",
            "account.factor_drop": "本人关闭两步验证",
            "account.codes": "本人重新生成备用码",
            "account.code_used": "用备用码登录",
            "recovery.ask": "申请找回账号",
            "recovery.confirm": "确认找回账号",
            "recovery.use": "用找回码重设密码",
            "account.reach": "修改账号的通知方式",
            "conflict.bar": "登记回避对象",
            "conflict.lift": "解除回避",
            "conflict.leads": "修改代表分管的单位",
            "channel.resume": "恢复使用通知渠道",
            "clock.confirm": "确认系统时钟",
            "reveal.ask": "申请查看联系方式",
            "reveal.grant": "同意查看联系方式",
            "reveal.decline": "不同意查看联系方式",
            "reveal.end": "提前结束查看联系方式",
            "reveal.bypass": "企图绕过查看审批（已拒绝）",
            "key.add": "新增密钥",
            "key.rotate": "更换密钥",
            "key.retire": "停用旧密钥",
        },
        "bypass": {
            "own": "审批自己的申请",
            "decided": "再次审批已处理的申请",
            "expired": "查看到期后再次操作",
            "role": "没有这项权限",
            "elsewhere": "对看不到的事项或不存在的申请操作",
        },
        "ground": {"consent": "群众同意公开", "reveal": "经批准查看"},
    }
)
