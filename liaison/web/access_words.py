"""What people read about signing in: what is still missing, and what the forms about accounts ask."""

from collections.abc import Mapping
from types import MappingProxyType

ACCESS_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "need": {
            "otp": "请输入身份验证器显示的 6 位验证码（otp），或一个备用码。",
            "password": "密码需要更换：请在电脑或手机浏览器打开工作台登录，按提示修改密码后再来。",
            "second_factor": "您的岗位须先绑定身份验证器：请在浏览器打开工作台登录，按提示绑定后再来。",
        },
    }
)
