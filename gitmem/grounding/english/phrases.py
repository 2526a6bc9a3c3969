"""English phrases and abbreviations in their one form, before a text is cut into tokens (pure).

Every pattern is anchored on a word and bounded, so that the time grows in step with the text.
"""

from __future__ import annotations

import re

_RATE = r"min(?:ute)?|s(?:ec(?:ond)?)?|h(?:r|our)?|d(?:ay)?|week|wk|month|quarter|year|night"
_RATES = {
    "m": "minute",
    "s": "second",
    "h": "hour",
    "d": "day",
    "w": "week",
    "q": "quarter",
    "y": "year",
    "n": "night",
}

#: Before a number in digits or in a word.
_NUMBER = (
    r"(?= ?(?:[\d~$\u20ac]|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|sixty|ninety|half|an?)\b))"
)
_AGE = _NUMBER + r"(?= ?\S{1,12} ?(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?)\b)"
#: What a phrase becomes. The first that fits counts, so the longer stand before the shorter.
_ROWS = {
    # courtesies
    r"heads[- ]up:?|fyi:?|btw:?|note to self:?|for the record:?|pls\b|please\b|thx\b|thanks\b|reminder:": "",
    r"b/c\b|bc\b|cuz\b": "because",
    r"b/w\b": "between",
    r"w/(?!o\b)(?=[\s\w])": "with ",
    r"(?:go(?:es)?|went|turn(?:s|ed)?|is|stays?) red\b": "fails",
    r"(?:go(?:es)?|went|turn(?:s|ed)?|is|stays?) green\b": "passes",
    r"dropp?(?:s|ed)?(?= (?:from|to|by) ?\d)|(?:went|gone) down(?= (?:from|to|by) ?\d)": "decreased",
    r"(?:went|gone|jumped|climbed|rose)(?: up)?(?= (?:from|to|by) ?\d)": "increased",
    r"before[- ]and[- ]after|before/after": "beforeafter",
    # denials
    r"(?:is|are|was|were) no longer": "is not anymore",
    r"no longer|not any ?more": "not anymore",
    r"any more(?! than)\b|anymore": "anymore",
    r"not only": "also",
    r"can'?t\b|cannot|(?:is|are|was|were|am|be)(?:n't| not) able to|(?:is |are |was |were |be )?unable to": "can not",
    r"won'?t\b": "will not",
    r"(?:do|does|did|is|are|was|were|has|have|should|could|would|must)nt\b": "not",
    r"(?:stop|stopped|quit) using": "not use",
    r"w/o\b": "without",
    r"(?:nobody|no one|no-one|none|nothing) (?:but|except)": "only",
    r"nothing else\b": "only",
    # bounds
    r"up[- ]to[- ]date": "current",
    r"(?:no|not) (?:more|longer|later|older|greater|larger|bigger|higher) than|at (?:the )?most|up to|(?:an? )?max(?:imum)?\.?(?: of)?(?= ?[\d~])|(?:an? )?maximum of|limited to(?= \d)|not exceeding": "atmost",
    r"(?:no|not) (?:less|fewer|shorter|earlier|newer|smaller|lower) than|at (?:the )?least|(?:an? )?min(?:imum)?\.?(?: of)?(?= ?\d)|(?:an? )?minimum of": "atleast",
    r"(?:or|and) (?:newer|later|higher|more|greater|above|up(?! to)|longer|larger|bigger)\b|onwards?\b|upwards?\b": "atleast",
    r"(?:or|and) (?:older|earlier|lower|less|fewer|below|shorter|smaller)\b": "atmost",
    r"(?:more|greater|larger|bigger|longer|higher) than" + _NUMBER + r"|older than" + _NUMBER + r"|in excess of|exceed(?:s|ing|ed)?" + _NUMBER + r"|(?:over|above|beyond)" + _NUMBER: "morethan",
    r"(?:less|fewer|smaller|shorter|lower) than" + _NUMBER + r"|(?:younger|newer) than" + _AGE + r"|(?:under|below)" + _NUMBER: "lessthan",
    # joining and comparing
    r"instead of|rather than|in (?:place|lieu) of": "insteadof",
    r"as well as|together with|along with": "and",
    r"(?:went|go|goes|going) with\b|settled (?:on|for)\b|opted for\b|decided (?:on|for)\b": "chose",
    r"prior to|ahead of|in advance of": "before",
    r"as soon as|(?:every|each) time|in the event (?:of|that)": "when",
    r"in case(?: of)?|provided(?: that)?|on condition that|as long as": "if",
    r"apart from|other than|aside from|with the exception of|excluding|except for": "except",
    r"because of|due to|owing to|on account of|thanks to|as a (?:result|consequence) of": "because",
    r"all but\b": "all except",
    r"once (?=(?:for )?(?:an?|per|every|each)\b)": "",
    r"for (?:example|instance)|such as": "like",
    # demands
    r"(?:has|have|had|needs?)(?: got)? to\b|(?:is|are) required to\b|ought to\b": "must",
    r"needs? (?=[a-z]+ing\b)": "must ",
    # compounds and abbreviations
    r"per cent\b": "%",
    r"thread[- ]safe": "threadsafe",
    r"(?:(?:runs?|ran|running|goes|going|went) )?out of (?:memory|ram)|oom(?:s|ed|ing|'?d|[- ]kill(?:s|ed)?)?\b": "oom",
    r"(?:(?:runs?|ran|running) )?out of (?:disk|disc)(?: space)?": "fulldisk",
    r"env(?:ironment)?[- ]?var(?:iable)?s?\b": "envvar",
    r"pull[- ]requests?\b|PRs?\b": "pullrequest",
    r"merge[- ]requests?\b|MRs?\b": "mergerequest",
    r"k8s\b": "kubernetes",
    r"i18n\b": "internationalization",
    r"l10n\b": "localization",
    r"a11y\b": "accessibility",
    r"e2e\b|end[- ]to[- ]end\b": "endtoend",
    r"by hand\b": "manually",
    r"at (?:once|a time|the same time)\b|in one go\b": "simultaneously",
    r"tim(?:es?|ed|ing)[- ]outs?\b|time-?outs?\b": "timeout",
    r"roll(?:s|ed|ing)?[- ]?backs?\b": "rollback",
    r"fall(?:s|ing)?[- ]?backs?\b|fell back\b": "fallback",
    r"back(?:s|ed|ing)?[- ]?ups?\b": "backup",
    r"clean(?:s|ed|ing)?[- ]?ups?\b": "cleanup",
    r"set(?:s|ting)?[- ]?ups?\b": "setup",
    r"start(?:s|ed|ing)?[- ]?ups?\b": "startup",
    r"power(?:s|ed|ing)?[- ]?ups?\b": "powerup",
    r"shut(?:s|ting)?[- ]?downs?\b": "shutdown",
    r"log-ins?\b|logg(?:ed|ing) in\b|sign(?:s|ed|ing)?[- ]ins?\b": "login",
    r"log-?outs?\b|logg(?:ed|ing) out\b|sign(?:s|ed|ing)?[- ]outs?\b": "logout",
    r"look(?:s|ed|ing)?[- ]?ups?\b": "lookup",
    r"mark(?:s|ed|ing)?[- ]?ups?\b": "markup",
    r"re[- ](?=(?:run|use|try|start|build|deploy|index|generate|create|sync|open|load|boot)\w*\b)": "re",
    r"pre[- ]?prod(?:uction)?\b": "preproduction",
    r"frames/s(?:ec)?\b|fps\b": "frames per second",
    r"(?:req(?:uest)?s?/s(?:ec)?|rps)\b": "requests per second",
    r"(?:quer(?:y|ies)/s(?:ec)?|qps)\b": "queries per second",
    r"tps\b": "transactions per second",
}  # fmt: skip
_PHRASE = re.compile("|".join(rf"(\b(?:{form}))" for form in _ROWS), re.IGNORECASE)
_FORMS = tuple(_ROWS.values())
#: ``40 req/min``, ``60/h``; a path does not begin with a number.
_PER = re.compile(
    rf"(?<![\w/.])(\d[\d.,]{{0,15}}[kKM]?)( ?[^\W\d_]{{1,15}})?/({_RATE})(?![\w/])", re.IGNORECASE
)
_COMPARED = re.compile(r"(?<![\w<>=-])(>=|<=|[<>\u2264\u2265])\s?(?=[\d~])")
_SIGNS = {
    ">=": "atleast",
    "\u2265": "atleast",
    "<=": "atmost",
    "\u2264": "atmost",
    ">": "morethan",
    "<": "lessthan",
}
_BUT = re.compile(
    r"\b((?:all|every|everything|everyone|any|each|no)(?: [^\W\d_]{1,20})?) but(?= \w)",
    re.IGNORECASE,
)
_RATHER = re.compile(r"\bwould rather (?:have |see |use |get )?((?:[^\s,;.]{1,20} ){1,5})than\b")
_LIKES = re.compile(r"\blikes? ((?:[^\s,;.]{1,20} ){1,4})(?:better|more) than\b")
_PLUS = re.compile(r"(?<=\d)\+(?![\w+])")


def one_form(prose: str) -> str:
    """Return a text outside code with its phrases and abbreviations in their one form."""
    prose = _PER.sub(_rate, prose)
    prose = _PLUS.sub(" atleast", prose)
    prose = _COMPARED.sub(lambda match: f" {_SIGNS[match[1]]} ", prose)
    prose = _BUT.sub(r"\1 except", prose)
    prose = _LIKES.sub(r"prefers \1 over", prose)
    prose = _RATHER.sub(r"prefers \1 over", prose)
    return _PHRASE.sub(lambda match: f" {_FORMS[(match.lastindex or 1) - 1]} ", prose)


def _rate(match: re.Match[str]) -> str:
    span = "month" if match[3].lower() == "month" else _RATES[match[3][0].lower()]
    return f"{match[1]} {(match[2] or '').strip()} per {span} "
