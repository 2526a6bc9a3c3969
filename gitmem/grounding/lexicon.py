"""The word lists of the grounding gate. English, with the negations of some other languages (pure).

Lists are data: a word missing here makes the gate stricter in `NEUTRAL` and `ALIKE`, and weaker
everywhere else. Words that are compared are written as they are said; `gitmem.grounding.words` cuts
their endings.
"""

from __future__ import annotations


def row(text: str) -> tuple[str, ...]:
    """The blank-separated words of a text, in order."""
    return tuple(text.split())


def words(text: str) -> frozenset[str]:
    """The blank-separated words of a text."""
    return frozenset(text.split())


#: Says nothing on its own; a rewording may add or drop it.
STOP = words("""
    a an the this that these those it its they them their there here he she his her him we us our ours you
    your i me my mine who whom whose which what where when while how is are was were be been being am do
    does did done doing has have had having will would shall should can could may might must of to in on at
    for from by with into onto via as if then than and or so also both either etc such per about e.g i.e eg
    ie vs not no nor but because since due although though whereas until unless before after during upon out
    off up down over under again once too very just only all any each every some few more most other own same
    another now currently today still already yet currently s t re ll ve d m o y et al otherwise else
    within through across among around toward towards along onto upon between
    anymore above below beyond atleast atmost morethan lessthan
    """)

#: Verbs and nouns that a faithful rewording reaches for, and that assert nothing by themselves.
NEUTRAL = words("""
    use used using uses need needs needed require requires required requirement run runs running make makes
    take takes keep keeps get gets give given go goes set sets live lives store stored stay stays put happen
    happens work works come comes know known call called name named see find found show shown apply applies
    decide decided decision choose chosen chose choice agree agreed note gotcha fact preference pending snag question open prefer prefers
    preferred want wants like likes rule avoid remember handle handled handles mean means involve provide
    provides define defined contain contains include includes consist form forms belong hold holds own owns
    exist exists support supports exceed exceeds instead rather well own available certain following
    thing things way ways case cases time times part parts people team person place kind type value number
    project repository repo code system service tool file files line one two least most necessary ensure
    specify specified configured located expect expected allow allowed enable able possible handled using
    currently directly itself themselves someone anyone something anything responsible maintain maintained
    manage managed performed perform execute executed occur occurs remain remains become becomes limit new old
    """)

#: The words of that list that never stand for a verb of substance.
MERE = words("""
    use used using uses see need needs needed require requires required requirement decide decided decision
    agree agreed note gotcha fact preference pending snag question open prefer prefers preferred want wants
    like likes rule mean means instead rather well thing things way ways case cases part parts people team
    person type kind value project repository repo code system service tool file files line one two least most new old
    """)

NEGATORS = words("""
    not no never none neither nor nobody nothing nowhere cannot without hardly barely n't avoid avoids
    avoided avoiding lack lacks lacking forbidden forbid forbids prohibited banned disallowed
    nicht kein keine keinen keinem keiner keines nie niemals ohne weder
    ne pas jamais sans aucun aucune ni
    ning\u00fan ninguna ninguno nunca jam\u00e1s sin tampoco
    non mai senza nessun nessuna nessuno
    n\u00e3o sem nenhum nenhuma
    niet geen nooit zonder
    nie nigdy bez \u017caden \u017cadna \u017cadne
    inte ingen aldrig utan ikke aldri uten
    \u043d\u0435 \u043d\u0435\u0442 \u043d\u0438\u043a\u043e\u0433\u0434\u0430 \u0431\u0435\u0437 \u043d\u0438
    """)
#: Negators that speak of what stands before them as well.
NEGATES_ALL = words("forbidden forbid forbids prohibited banned disallowed")
#: Negations of scripts without blanks between words (Chinese, Japanese, Korean).
NEGATIVE_SIGNS = row(
    """\u4e0d \u6ca1 \u6c92 \u672a \u7121 \u65e0 \u7981 \u306a\u3044 \u307e\u305b\u3093 \uc54a \uc548 \ubabb \uc5c6"""
)

#: Doubt. A rewording that leaves all of it out claims more than the flag.
HEDGES = words("""
    think thinks believe believes guess suspect suspects assume assumes assuming probably maybe perhaps might
    may possibly likely unlikely seem seems seemed appear appears apparently presumably supposedly allegedly
    unsure uncertain unclear unconfirmed unverified tentative tentatively reportedly rumour rumor supposed
    could hopefully imho afaik afaict iirc tbc tbd doubt doubts
    undecided untested
    vielleicht wahrscheinlich vermutlich wohl peut-\u00eatre probablement quiz\u00e1s probablemente forse
    talvez
    """)
#: Doubt in several words, found in the text as it is.
HEDGE_PHRASES = (
    "it looks like", "not sure", "not decided", "if i read", "if i understand", "if i remember", "as far as",
    "not checked", "not verified", "not confirmed", "not tested", "to be confirmed", "to be decided",
    "open question", "my guess", "in my opinion", "we suspect", "there is a chance", "not certain", "no idea",
)  # fmt: skip
#: Sometimes is not always.
PARTLY = words("""
    usually often sometimes occasionally mostly typically generally normally frequently rarely seldom
    intermittently sporadically partly partially largely nearly almost
    """)
MAY = words("can may could might optional optionally allowed permitted")
MUST = words("must shall required mandatory need needs needed never always")
#: What comes with a condition is not so without it.
CONDITIONS = words("if unless except provided")
PLANS = words("""plan plans planned planning propose proposed proposal consider considered considering intend evaluate
    evaluated evaluating explore exploring suggest suggested suggestion""")
#: A demand is not a fact.
DEMANDS = words("must should shall")
ARTICLES = words("a an the")
BEING = words("is are was were be been being get gets got")
DONE = words("was were been has done finished completed")
ONLY = words("only solely exclusively")

CAUSES = words("""
    because therefore hence thus consequently thereby causes caused causing cause leads led reason
    weil deshalb daher denn parce puisque porque perch\u00e9 omdat ponieważ
    """)
CAUSE_PHRASES = (
    "due to", "owing to", "thanks to", "as a result", "results in", "that is why", "which is why", "so that",
    "on account of", "in order to", "as a consequence", "stems from", "comes from", "come from", "to avoid",
    "to prevent",
)  # fmt: skip
#: Causes or not, depending on what stands beside them.
MAYBE_CAUSES = words("so since as")

#: Everything, or nothing but.
UNIVERSAL = words("""
    all every always any everything everyone everybody anyone anything entire entirely completely fully
    forever whole wholly exclusively solely only everywhere anywhere whatsoever regardless unconditionally
    immer alle alles toujours tous toutes siempre todos todas sempre tutti
    """)
#: Words of the list above that say the same.
UNIVERSAL_ALIKE = (
    words("all every everything any each entire whole both"),
    words("everyone everybody anyone all every"),
    words("only exclusively solely just"),
    words("entirely completely fully"),
    words("always everywhere never"),
    words("anywhere nowhere everywhere"),
    words("anyone nobody everybody everyone"),
    words("anything nothing"),
)

#: Opposites, two words a pair.
OPPOSITES = """
    enable disable, accept reject, accept refuse, succeed fail, success failure, pass fail, include exclude,
    required optional, mandatory optional, sync async, synchronous asynchronous, mutable immutable, public private,
    open closed, open close, fast slow, faster slower, long short, longer shorter, more less, more fewer, high low,
    higher lower, above below, after before, later earlier, minimum maximum, min max, atleast atmost, morethan lessthan, morethan atmost, lessthan atleast, first last, input output,
    increase decrease, grow shrink, add remove, start stop, start end, begin end, create delete, push pull,
    left right, many few, early late, hot cold, local remote, green red,
    encrypt decrypt, ascending descending, horizontal vertical, internal external, positive negative,
    strong weak, clean dirty, online offline, true false, yes no, raise lower, win lose, like dislike,
    keep remove, keep delete, keep drop, on off, up down, wide narrow, big small, large small, larger smaller,
    bigger smaller, cheap expensive, easy hard, simple complex, good bad, better worse, best worst, ok broken, fixed broken, same different, static dynamic, manual automatic, manually automatically, allow deny, allow block, blocked open, blocked unblocked, block open, block unblock, grant revoke, lock unlock, show hide, visible hidden, empty full, odd even,
    read-only writable, lenient strict, single multiple, inside outside, near far, upper lower, uppercase lowercase, newer older,
    newest oldest, latest oldest, warm cold, free paid, safe dangerous, present absent, import export, upload download, inbound outbound,
    ingress egress, upstream downstream, northbound southbound, primary secondary, parent child, client server, old new,
    over under, rise fall, stable flaky, needed unnecessary, supported deprecated, supported unsupported, sooner later, serial parallel,
    sequential parallel, approve reject, approved rejected, connect disconnect, install uninstall, mount unmount,
    read write, vor nach, avant apr\u00e8s
"""
#: Two words are opposites when one is the other behind one of these; the other has at least so many letters.
CONTRARY = {"un": 4, "non": 4, "in": 5, "dis": 5, "mis": 5, "im": 6, "ir": 6, "de": 7}
#: The bounds that `gitmem.grounding.english.phrases` makes of ``at most``, ``over 5`` and the like.
BOUNDS = words("atleast atmost morethan lessthan")
#: Opposites that are prepositions as well; they count only behind one of the words below.
PARTICLES = words("on off up down over under")
STATES = words(
    "is are was were be been stay stays remain remains turn turned turns switch switched switches set goes go went"
)

#: What joins two things in an order that means something.
ARROWS = words(
    "from to into before after behind over by than through via with for until instead under above below"
)

#: Prepositions; what they lead stands beside the verb, not under it.
PREPOSITIONS = words("""about above across after against along among around as at before behind below between beyond by during
    except for from in inside into like near of off on onto out outside over per since than through to toward
    under until upon via with within without""")

MONTHS = row(
    "january february march april may june july august september october november december"
)
WEEKDAYS = row("monday tuesday wednesday thursday friday saturday sunday")
RELATIVE_DAYS = words(
    "today yesterday tomorrow tonight heute gestern morgen hier demain hoy ayer ma\u00f1ana"
)

_ONES = row("""zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen""")
_TENS = row("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = row("""first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth""")
NUMBER_WORDS = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: 10 * tens for tens, word in enumerate(_TENS, start=2)},
    **{word: value for value, word in enumerate(_ORDINALS, start=1)},
    **dict.fromkeys(row("twice double doubled couple pair"), 2),
    **dict.fromkeys(row("thrice triple tripled"), 3),
    "dozen": 12,
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALE_LETTERS = {"k": 1000, "K": 1000, "M": 10**6, "mio": 10**6, "bn": 10**9}

#: Units and their spellings; the first one names it. Case decides where two differ only by it.
UNITS = """
    s sec secs second seconds
    ms msec millisecond milliseconds
    us \u00b5s \u03bcs microsecond microseconds
    ns nanosecond nanoseconds
    min mins minute minutes minutely
    h hr hrs hour hours hourly
    d day days daily
    night nights nightly
    week weeks weekly wk
    month months monthly
    quarter quarters quarterly
    year years yearly annually annual yr yrs
    B byte bytes
    bit bits
    KB kB kb kilobyte kilobytes
    MB mb megabyte megabytes
    GB gb gigabyte gigabytes
    TB tb terabyte terabytes
    KiB kib
    MiB mib
    GiB gib
    TiB tib
    Kbit kbit kbps
    Mbit mbit mbps Mbps
    Gbit gbit gbps Gbps
    % percent pct
    eur \u20ac euro euros
    usd $ dollar dollars
    gbp \u00a3 pound pounds
    jpy \u00a5 yen
    chf francs
    cent cents
    \u00b0C \u00b0c celsius
    \u00b0F \u00b0f fahrenheit
    \u00b0 degree degrees
    Hz hz
    kHz khz
    MHz mhz
    GHz ghz
    V volt volts
    mV millivolt millivolts
    A amp amps ampere
    mA milliamp milliamps
    mAh mah
    W watt watts
    kW kilowatt
    kWh kwh
    m meter meters metre metres
    cm centimeter centimeters
    mm millimeter millimeters
    km kilometer kilometers
    kg kilogram kilograms
    g gram grams
    px pixel pixels
    rpm
    mL ml milliliter milliliters millilitre millilitres
    L liter liters litre litres
    dpi
    x times fold
    token tokens
    point points
"""
#: Unit words that may be said without a number, and then name a rhythm or a span.
SPANS = words("second minute hour day night week month quarter year")
