"""Which language a line is in, by its script and its function words; and when that cannot be told (pure).

Deterministic. A line that is too short to tell, or that mixes languages, is told as unknown. Function words
of languages that gitmem has no rules for stand here too: so that Catalan is not read as Spanish, nor
Bulgarian as Russian.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.english.thesaurus import ALIKE
from gitmem.grounding.lexicon import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNKNOWN = ""
_MIXED = "?"

_QUOTED = re.compile(r"`[^`]*`")
# Asked of one blank-separated piece at a time, so that the time grows in step with the text.
_CODE = re.compile(r"[/_\\@=<>{}\d]|[^\W\d_][.:][^\W\d_]|^--?\w")
_WORD = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\u30fc]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_OTHER = re.compile(r"[^\W\d_]")

_LETTERS = 2  # a word of fewer tells little
_ENGLISH_STRONG = words("""
    the of and are with for not never must that this by be been from when if only should uses used run runs
    needs need than after before every all each which were has have had does doesn don cannot can their its
    into at our you they because without instead there then but about while since until still always avoid
    how what where who any both between during through over under again more most other some such it is to
    required requires keep keeps make makes goes gets takes forbidden allowed
    """)
#: What is English even without function words; without what other languages have borrowed.
_ENGLISH_VOCABULARY = frozenset(
    word.removesuffix("s")
    for word in (
        *lexicon.NEUTRAL,
        *lexicon.OPPOSITES.replace(",", " ").split(),
        *ALIKE.split(),
        *lexicon.STOP,
        *words("day hour minute second month week year file commit message change"),
    )
    if len(word) > _LETTERS
) - words("""
    push pull server client build test cache token log commit merge update deploy config admin online offline
    import export install download upload start stop sync async lock open mount read write add null min max
    app docs repo repository code system service tool project person database primary local remote parallel
    """)

#: Function words by language.
FUNCTION_WORDS = {
    "en": _ENGLISH_STRONG | lexicon.STOP - words("e i o m s t d re ll ve al y et"),
    "de": words("""
        der die das und ist nicht ein eine einen einem einer mit für auf von zu zum zur den dem des im am an in
        wird werden wurde sind sich auch nur nie ohne kein keine keinen keiner keinem wenn weil dass bei nach
        vor aus über unter bis als wie es er sie wir ihr man muss müssen darf dürfen soll sollen kann können
        hat haben immer noch mehr niemals vom beim durch gegen oder aber sondern statt außer alle jeder jede
        jedes unser unsere diese dieser dieses hier dort sonst erst schon sehr verboten bitte nichts niemand
        weder war seit um damit ob dann also
        """),
    "fr": words("""
        le la les un une des du de et est ne pas que qui dans sur pour par avec sans sont ce cette ces il elle
        on nous vous ils au aux se sa son ses leur leurs plus jamais rien aucun aucune mais ou où si car quand
        être avoir doit doivent faut peut peuvent tout tous toute toutes avant après depuis entre vers chez sous
        lors même seulement interdit n d l qu c s j y en à a été fait toujours déjà encore donc comme ni trop
        éviter évitez point nul nulle personne nos notre votre soit dont
        """),
    "es": words("""
        el la los las un una unos unas de del y es no que en con por para sin se su sus lo al son está están
        este esta estos estas ese esa pero o si cuando como más nunca jamás nada nadie ningún ninguna ni hay
        ya muy también solo sólo debe deben puede pueden ser hacer antes después desde hasta entre sobre todo
        todos toda todas porque donde cada fue ha han sino tampoco hasta prohibido evitar nos nuestro nuestra
        le les e u siempre aún ahora qué
        """),
    "pt": words("""
        o a os as um uma uns umas de do da dos das e é não que em no na nos nas com por para sem se seu sua
        seus suas ao aos à às são está estão este esta esse essa isso mas ou quando como mais nunca jamais
        nada ninguém nenhum nenhuma nem há já muito também só somente apenas deve devem pode podem ser fazer
        antes depois desde até entre sobre todo todos toda todas porque onde cada foi tem têm pelo pela pelos
        pelas proibido evitar evite nosso nossa lhe sempre ainda agora num numa
        """),
    "it": words("""
        il lo la i gli le un uno una di del della dei delle dello e è non che in con per senza si su sul sulla
        sono questo questa questi queste ma o se quando come più mai niente nulla nessun nessuno nessuna né
        già molto anche solo soltanto deve devono può possono essere fare prima dopo da dal dalla dai dalle
        nel nella nei nelle al alla ai alle fino tra fra ogni tutto tutti tutte perché dove sempre ancora ora
        vietato evitare nostro nostra viene vengono va cui
        """),
    "nl": words("""
        de het een en is niet van dat te voor met op aan in zijn wordt worden geen nooit zonder maar of als
        om bij naar uit over onder door dit deze die er ook alleen moet moeten mag mogen kan kunnen heeft
        hebben altijd nog meer tot dan wel we ze je hij ons onze alle elke niemand niets verboden vermijd
        omdat wanneer tijdens tegen tussen werd was niks
        """),
    "pl": words("""
        i w z na do nie że się jest są to przez dla po od przed przy o u a ale lub albo jak gdy kiedy jeśli
        tylko już jeszcze także bez nigdy nic nikt żaden żadna żadne ani można trzeba należy może mogą musi
        muszą ten ta te tego tej tym być był była było wszystko każdy każda zawsze pod nad za ze we nasz nasze
        zabronione zakaz nowy teraz który która które
        """),
    "ca": words("""
        el la els les un una de del dels i és no que en amb per sense mai res cap ningú ni però si quan com
        més també només cal pot poden aquest aquesta ha han són al als a l d n s es hi fins aquesta abans
        després des sobre sempre tot tots sigui fer evitar prohibit
        """),
    "gl": words("""
        o a os as un unha unhas de do da dos das e é non que en no na nos nas con por para sen se seu súa nunca
        xamais nada ninguén ningún ningunha nin hai xa moi tamén só deben pode poden ser facer antes despois
        dende ata entre sobre todo cada foi ten prohibido evitar ao aos cando
        """),
    "ro": words("""
        și de la nu în cu pe pentru este sunt că se o un una al ale ai a fără niciodată nimic nimeni nici
        niciun nicio doar dar sau dacă când cum mai foarte trebuie poate pot din după înainte până între prin
        interzis evitați fi fost să
        """),
    "sv": words("""
        och är inte det en ett på av för med till som om i den de har kan ska måste aldrig ingen inga inget
        utan men eller när bara från vid under över efter innan alla varje förbjudet undvik att får bör vara
        blir man vi din ditt
        """),
    "da": words("""
        og er ikke det en et på af for med til som om i den de har kan skal må aldrig ingen intet uden men
        eller når kun fra ved under over efter før alle hver forbudt undgå at være bliver man vi din ej nogen
        """),
    "no": words("""
        og er ikke det en et ei på av for med til som om i den de har kan skal må aldri ingen ingenting uten
        men eller når bare fra ved under over etter før alle hver forbudt unngå å være blir man vi noen kun
        """),
    "fi": words("""
        ja on ei en et emme ette eivät että se ne tämä joka kun jos mutta tai vain koskaan älä ilman kanssa
        ennen jälkeen mitään kukaan ole oli ovat kuin myös aina täytyy pitää saa voi kielletty vältä sitä sen
        """),
    "hu": words("""
        a az és nem ne hogy van egy is de ha vagy csak soha semmi senki nélkül kell lehet minden mert mint
        után előtt már még tilos kerüld sem meg ezt azt
        """),
    "cs": words("""
        a v na je se že s z do pro po od při před ale nebo když jen pouze už ještě také bez nikdy nic nikdo
        žádný žádná žádné ani musí může jsou ten ta to tento byl být všechny vždy který která které ne není
        zakázáno nesmí k o u i ve ze
        """),
    "hr": words("""
        i u na je se da za od do s sa po iz pri ali ili kad kada ako samo bez nikad nikada ništa nitko niko
        ne nije nisu mora može treba su ovaj ova ovo biti uvijek uvek zabranjeno prije pre nakon posle ni kao
        """),
    "tr": words("""
        ve bir bu da de için ile değil asla hiç hiçbir ama veya eğer sadece yalnızca sonra önce kadar gibi
        her çok daha olan olarak var yok ne yasak kimse şey mi
        """),
    "id": words("""
        yang dan di ke dari tidak jangan untuk dengan pada ini itu adalah atau tetapi jika hanya tanpa belum
        bukan tak pernah harus bisa dapat akan sudah saja oleh setiap semua dilarang hindari sebelum setelah
        karena agar
        """),
    "vi": words("""
        và của là không có cho với này đó các một những được để trong trên từ khi nếu thì chỉ phải đừng chưa
        bao giờ hoặc nhưng trước sau mọi cấm tránh
        """),
    "sw": words("ya na wa kwa ni la si kama lakini au tu kila kamwe bila hakuna usi katika hii hiyo za cha"),
    "la": words("et non est in ad cum sine per sed nec numquam nihil aut si ut ex ab de qui quae quod"),
    "eo": words("la de kaj estas ne en por kun sen neniam nur sed aŭ se kiam ĉiuj ke al el oni devas"),
    "tl": words("ang ng sa mga na at hindi huwag ay para lang wala kung pero o ito bago"),
    "et": words("ja ei on see et ka aga või kui ainult mitte kunagi ilma ära enne pärast kõik peab ega"),
    "lv": words("un ir nav ne ar bez nekad tikai bet vai ja kad no uz pēc pirms visi nedrīkst"),
    "lt": words("ir yra nėra ne su be niekada tik bet ar jei kai iš į po prieš visi negalima draudžiama"),
    "sq": words("dhe është nuk në me pa kurrë vetëm por ose nëse kur nga për të një mos që"),
    "eu": words("eta da ez inoiz gabe baina edo bakarrik dira bat du behar"),
    "cy": words("y yn a ac o ar i na ddim byth heb ond neu os mae peidiwch"),
    "ga": words("an na agus is ní riamh gan ach nó má tá le ar do ná"),
    "af": words("die en is nie 'n van vir met op nooit sonder maar of as net moet kan word geen hulle ons dit"),
}  # fmt: skip

#: Words of a developer's day, to the function words of their language.
_EVERYDAY = {
    "de": """datei dateien daten dienst zweig läuft laufen nutzt nutzen verwenden verwendet braucht gibt tabelle schlüssel konto
        konten offen lassen unsere bekommen erlaubt gilt gelten steht liegt""",
    "fr": """fichier fichiers données serveur branche utilise utiliser lancer lance comptes clé clés tourne
        tournent""",
    "es": """usa usan usar tiene tienen necesita necesitan funciona funcionan archivo archivos datos prueba pruebas rama fecha
        fechas según tras hacia cola conserva corre corren hace a""",
    "pt": """usa usam usar tem precisa precisam funciona funcionam arquivo arquivos dados teste testes fila roda rodam rodar
        projeto""",
}
for _language, _text in _EVERYDAY.items():
    FUNCTION_WORDS[_language] |= words(_text)
#: Spellings that hardly any other of these languages has; each such word counts like a function word.
_SPELLINGS = {
    "de": re.compile(r"\w+(?:ungen|ung|keit|heit|lich|isch)$|\w*ß\w*$"),
    "es": re.compile(r"\w+(?:ción|ciones|miento|mientos)$|\w*ñ\w*$"),
    "pt": re.compile(r"\w+(?:ção|ções|agem)$|\w*[ãõ]\w*$"),
    "fr": re.compile(r"\w+(?:eaux|eau|eux)$|\w*(?:œ|ê)\w*$"),
    "ca": re.compile(r"\w+(?:ció|cions)$"),
    "gl": re.compile(r"\w+(?:ción|cións)$|\w*ñ\w*$"),
    "pl": re.compile(r"\w*[ąęłśźż]\w*$"),
    "ro": re.compile(r"\w*[ăâțșţş]\w*$"),
    "vi": re.compile(r"\w*[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđơư]\w*$"),
    "tr": re.compile(r"\w*[ışğ]\w*$"),
    "cs": re.compile(r"\w*[ěřůťď]\w*$"),
}
_RUSSIAN = words("""
    и в во на не что с со для по из к ко от до за без или но а если когда только это как все всё всегда никогда
    нельзя надо нужно можно при через после перед под над о об у же бы ли есть нет быть был была было были он она
    они мы вы я его её их этот эта эти тот который которая которые чтобы потому так уже ещё никто ничего ни никак
    нигде должен должна должны может могут лишь кроме сначала теперь запрещено избегать никаких никакой также
    """)
_NOT_RUSSIAN = words(
    "се са ще че няма трябва никога като това този тази бъде е и\u045d із та що від але для\u0456 біз ол"
)
_NOT_RUSSIAN_LETTERS = re.compile(
    r"[\u0402-\u040f\u0452-\u045f\u0490-\u04ff\u0404\u0454\u0406\u0456\u0407\u0457]|[бвгджзклмнпрстфхцчшщ]ъ[бвгджзклмнпрстфхцчшщ]"
)
_RUSSIAN_ENDING = re.compile(
    r".{2}(?:ется|ются|ится|ятся|ться|ать|ить|ый|ий|ного|ному|ных|ами|ение|ения|ает|ают|ует|уют)$"
)
_CANTONESE = re.compile(r"[唔冇咗嘅喺嚟佢咁咩啲咪哋嗰]")
_UNITS = str.maketrans("", "", "\u00b5\u03bc\u03a9\u2126")  # as in microseconds and ohms
_BETTER = 2  # so many function words tell a language by themselves
_SHARE = 0.15  # of the words that a language's function words have to be
_FOREIGN = 2  # so many words of another language make a mixture
_MANY = 3  # times as many of the language itself outweigh them
_SIGNS = 2  # so many letters of a script without blanks tell it


def language_of(texts: Sequence[str]) -> str:
    """The code of the one language of all these texts, or `UNKNOWN`.

    Texts that say nothing of their language (a path, a name) do not count; where none says enough alone,
    they are read together.
    """
    told = {_told(text) for text in texts} - {UNKNOWN}
    if len(told) > 1 or _MIXED in told:
        return UNKNOWN
    return told.pop() if told else _told(" . ".join(texts)).replace(_MIXED, UNKNOWN)


@lru_cache(maxsize=512)
def _told(text: str) -> str:
    """The language of one text; `UNKNOWN` when it does not say, `_MIXED` for a mixture or a foreign one."""
    pieces = _QUOTED.sub(" ", text.replace("\u2019", "'")).split()
    prose = " ".join(piece for piece in pieces if not _CODE.search(piece)).translate(_UNITS)
    said = [word.lower() for word in _WORD.findall(prose)]
    latin = [word for word in said if _LATIN.match(word)]
    foreign = len(_ENGLISH_STRONG.intersection(latin)) >= _FOREIGN
    if _KANA.search(prose) or _HAN.search(prose):
        return _MIXED if foreign or _CYRILLIC.search(prose) else _unspaced(prose)
    if _CYRILLIC.search(prose):
        return _MIXED if foreign else _cyrillic(prose, said)
    if any(not _LATIN.match(letter) for letter in _OTHER.findall(prose)):
        return _MIXED
    return _by_words(said, [word for word in _WORD.findall(prose) if not word[0].isupper()])


def _unspaced(prose: str) -> str:
    kana = len(_KANA.findall(prose))
    han = len(_HAN.findall(prose))
    rest = sum(not _LATIN.match(letter) for letter in _OTHER.findall(prose))
    if _CANTONESE.search(prose) or rest > kana + han:
        return _MIXED
    if kana:
        return "ja" if kana >= _SIGNS else UNKNOWN
    return "zh" if han >= _SIGNS else UNKNOWN


def _cyrillic(prose: str, said: Sequence[str]) -> str:
    if _NOT_RUSSIAN_LETTERS.search(prose.lower()) or not _NOT_RUSSIAN.isdisjoint(said):
        return _MIXED
    known = not _RUSSIAN.isdisjoint(said) or any(_RUSSIAN_ENDING.search(word) for word in said)
    return "ru" if known else UNKNOWN


def _by_words(said: Sequence[str], small: Sequence[str]) -> str:
    """The language whose function words explain most, when no other explains what it does not.

    ``small`` are the words that are no names.
    """
    counts = {
        code: sum(word in known or _spelled(word, code) for word in said)
        for code, known in FUNCTION_WORDS.items()
    }
    best = max(counts, key=lambda code: (counts[code], code == "en"))
    mine = FUNCTION_WORDS[best]
    unexplained = max(
        _distinct(said, known - mine) for code, known in FUNCTION_WORDS.items() if code != best
    )
    if unexplained >= _FOREIGN and _MANY * unexplained >= _distinct(said, mine):
        return _MIXED
    if best == "en":
        return "en" if _is_english(said, small, unexplained) else UNKNOWN
    tied = any(counts[code] == counts[best] for code in counts if code != best)
    if tied or counts[best] < max(_BETTER, _SHARE * len(said)):
        return UNKNOWN
    return best


def _spelled(word: str, code: str) -> bool:
    return code in _SPELLINGS and _SPELLINGS[code].match(word) is not None


def _is_english(said: Sequence[str], small: Sequence[str], unexplained: int) -> bool:
    """Whether words stand there that are hardly anything but English, and none of another script."""
    if not all(word.isascii() for word in small):
        return False
    strong = _distinct(said, _ENGLISH_STRONG)
    if strong:
        return strong > unexplained
    return not unexplained and _distinct(map(_singular, said), _ENGLISH_VOCABULARY) >= _BETTER


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _distinct(said: Iterable[str], among: frozenset[str]) -> int:
    return len(among.intersection(said))
