"""The words that deny, forbid, restrict or except, by language (docs/grounding.md) (pure).

Data. A word ending in ``*`` stands for all that begin with it; ``_`` for a blank. Words are small.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sign(StrEnum):
    """What a word does to what is said."""

    NOT = "not"  # no, never, nobody, nothing; said twice in a clause it denies once where that is usual
    BAN = "ban"  # forbidden, impossible, avoid, refuse: denies by itself
    WITHOUT = "without"
    ONLY = "only"
    EXCEPT = "except"
    INSTEAD = "instead"
    LOOSE = "loose"  # "only" or not: *nur noch*


@dataclass(frozen=True, slots=True, kw_only=True)
class Denials:
    """The denials of a language.

    ``doubled``: several words of the first kind deny once (*no … nunca*). ``joins`` separate clauses.
    ``small`` says nothing of its own; ``particle`` are the words
    one of which has to stay in languages with doubled denials; unless, with ``leading``, another denial comes
    first (*nunca*). Said ``again`` in a clause, a word denies again: *no puede no*. What is ``kept`` is never left out. ``neutral`` are phrases that look like a denial and are none.
    """

    signs: dict[Sign, str]
    doubled: bool
    joins: str
    small: str
    particle: str = ""
    leading: bool = False
    kept: str = ""
    neutral: str = ""
    again: str = ""


RULES = {
    "en": Denials(
        doubled=False,
        signs={
            Sign.NOT: "not no never none neither nor nobody nothing nowhere cannot no_one n't",
            Sign.BAN: """forbid* forbade prohibit* ban banned bans disallow* avoid* refus* reject* impossible prevent*
                denied denies deny refrain* abstain* lack lacks unable stop stops stopped declin* missing exclud* quit quits
                ceas* fails_to fail_to failed_to failing_to yet_to turn_down turns_down oppos* veto* off_limits out_of_question
                far_from hardly barely rarely seldom forgo* forego* free_of fresh_out beware disabl* block* unsupported
                shun* spare* skip* withhold* too_late few fewer_of zero give_up gives_up gave_up giving_up given_up
                hands_off stay_out stays_out stayed_out keep_out keeps_out kept_out anything_but non-*""",
            Sign.WITHOUT: "without",
            Sign.ONLY: "only solely exclusively",
            Sign.EXCEPT: "except unless all_but the_exception",
            Sign.INSTEAD: "instead_of rather_than insteadof",
        },
        joins="but while whereas although though because since so if when which then where until therefore and or nor",
        small="a an the to of in on at is are was were be it do does did for",
        neutral="""not_only no_matter no_later no_more_than no_less_than no_doubt stop_using a_few few_more every_few
            past_few last_few next_few first_few code_zero is_zero to_zero return_zero returns_zero with_zero from_zero
            non_zero below_zero above_zero""",
    ),
    "de": Denials(
        doubled=False,
        signs={
            Sign.NOT: """nicht nie niemals nimmer kein keine keinen keinem keiner keines keins niemand niemanden niemandem nichts alles_andere_als kaum schwerlich
                nirgends nirgendwo weder keinesfalls keineswegs keinerlei nein mitnichten koa koan ned nich nix""",
            Sign.BAN: """verboten* verbiete* verbot untersag* unzulässig* tabu vermeid* vermied* meiden gemieden verweiger* ablehn*
                abgelehnt* lehnt verhinder* unmöglich* unterlass* unterlassen verzicht* unterbind* unterbunden* gesperrt*
                ausgeschlossen* finger_weg hände_weg hört_auf fehlt fehlen fehlend* verwehr* verbannt* scheitert* unerwünscht*
                unterbleib* hüte hüten unfähig abgeschafft* entfällt entfallen selten wenige wenigen wenigsten weit_davon weit_entfernt nicht-*
                hindert* hindern gehindert* überspring* überspr* bleibt_aus bleiben_aus""",
            Sign.WITHOUT: "ohne",
            Sign.ONLY: "nur ausschließlich lediglich bloß einzig allein erst",
            Sign.EXCEPT: "außer ausgenommen mit_ausnahme",
            Sign.INSTEAD: "statt anstatt anstelle",
            Sign.LOOSE: "nur_noch",
        },
        joins="""aber sondern während obwohl weil da denn wenn falls sobald damit dass bis deshalb daher doch und oder sowie""",
        small="""der die das den dem ein eine einen einem einer des im in am an auf zu zum zur mit von vom ist sind war wird werden wurde man wir es
            sich bitte hier auch noch schon mehr darf dürfen soll sollen muss müssen kann können""",
        neutral="nicht_nur nichts_als mehr_als_nur einige_wenige am_wenigsten",
    ),
    "fr": Denials(
        doubled=True,
        signs={
            Sign.NOT: """ne n pas point jamais rien aucun aucune aucunement nul nulle nullement guère ni non personne""",
            Sign.BAN: """interdi* défense défend* prohib* proscri* banni* évit* abstien* abstenir abstenez refus* rejet* impossible*
                empêch* inutile* exclu exclue exclus exclues cess* arrêt* manqu* absen* renonc* incapable* gare_à gare_aux échou* bloqu*
                inacceptable* tabou hors_de_question surtout_pas gare bannir oubli* rarement rare rares peu_de peu_d loin_d loin_de à_peine
                en_dehors dispens*""",
            Sign.WITHOUT: "sans",
            Sign.ONLY: "seulement uniquement seul seule seuls seules exclusivement juste",
            Sign.EXCEPT: "sauf hormis excepté à_moins hors l_exception",
            Sign.INSTEAD: "au_lieu plutôt",
        },
        joins="""mais et ou car donc parce puisque quand lorsque si tandis alors pour afin dès que qui où dont""",
        small="""le la les l un une des du de d au aux en dans sur à par avec est sont il elle on nous vous y ce c s se sa son ses
            faut doit doivent peut peuvent être ça""",
        neutral="non_seulement pas_seulement un_peu_de un_peu_d",
        again="ne n",
        particle="plus pas point jamais rien aucun aucune aucunement nul nulle nullement guère ni personne",
    ),
    "es": Denials(
        doubled=True,
        signs={
            Sign.NOT: "no nunca jamás nadie nada ningún ninguno ninguna ningunos ningunas ni tampoco apenas modo_alguno",
            Sign.BAN: """prohib* prohíb* vetad* veta evit* evít* abstén* absten* rechaz* imposible* impid* impedi* inútil* nieg* neg*
                niég* para_nada dejar_de dejad_de deje_de dejen_de deja_de dejó_de dejamos_de dejado_de falta faltan carec* exclu* inadmisible* incapaz* cesar ces* descart* cuidado_con
                inaceptable* fall* bloque* renunci* pocos pocas rara_vez raras_veces lejos_de dista prescind* ojo_con""",
            Sign.WITHOUT: "sin",
            Sign.ONLY: "solo sólo solamente únicamente exclusivamente único única únicos únicas",
            Sign.EXCEPT: "salvo excepto menos_que todo_menos todos_menos a_excepción con_excepción",
            Sign.INSTEAD: "en_lugar en_vez",
        },
        joins="pero sino y e o u porque pues cuando si mientras aunque para que donde ya",
        small="""el la los las un una unos unas de del al a en por con es son está están se su sus lo hay ser hacer debe deben
            puede pueden""",
        again="no",
        particle="no",
        leading=True,
        neutral="no_solo no_sólo no_obstante hace_falta hacen_falta unos_pocos unas_pocas",
    ),
    "pt": Denials(
        doubled=True,
        signs={
            Sign.NOT: "não nunca jamais ninguém nada nenhum nenhuma nenhuns nenhumas nem tampouco mal_se hipótese_alguma forma_alguma modo_algum maneira_alguma jeito_algum",
            Sign.BAN: """proib* proíb* vedad* veda vetad* evit* abst* recus* rejeit* impossíve* imped* impeç* inútil inúteis neg*
                deixar_de deixe_de deixem_de deixa_de deixou_de deixamos_de falta faltam carec* exclu* inadmissív* incapaz* parar_de pare_de parem_de parou_de cess* descart*
                cuidado_com dispens* inaceitáve* falh* bloque* interdit* poucos poucas raramente raras_vezes longe_de prescind*""",
            Sign.WITHOUT: "sem",
            Sign.ONLY: "só somente apenas unicamente exclusivamente único única únicos únicas",
            Sign.EXCEPT: "exceto salvo menos_que tudo_menos todos_menos exceção",
            Sign.INSTEAD: "em_vez ao_invés em_lugar",
        },
        joins="mas e ou porque pois quando enquanto embora para que onde já",
        small="""o a os as um uma uns umas de do da dos das no na nos nas ao aos à em por pelo pela com é são está estão seu
            sua lo se há ser fazer deve devem pode podem""",
        again="não",
        particle="não",
        leading=True,
        neutral="não_só não_apenas não_somente não_obstante uns_poucos umas_poucas",
    ),
    "ru": Denials(
        doubled=True,
        signs={
            Sign.NOT: """не ни никогда нигде никуда никто никого никому никем ничто ничего ничему ничем никак никакой никакая
                никакие никаких никакого никакую никаким отнюдь нисколько нет ничуть""",
            Sign.BAN: """нельзя запрещ* запрет* запрещ* воспрещ* недопустим* избега* избежать отказ* невозможн* невозможен
                отверг* отклон* бесполезн* прекрат* перестат* перестал* перестаньте перестань хватит отсутств* исключ*
                блокир* заблокир* мешает препятств* не_вздумай воздерж* против незачем вряд едва некому нечего негде лишён* лишен*
                невыполним* бессмысленн* редко мало далёк далек далеки приостанов* пропуска* мешать""",
            Sign.WITHOUT: "без безо",
            Sign.ONLY: "только лишь исключительно единственн*",
            Sign.EXCEPT: "кроме за_исключением помимо",
            Sign.INSTEAD: "вместо",
        },
        joins="но а и или потому так если когда пока хотя чтобы что поэтому зато да который которая которые которое где",
        small="""в во на с со для по из к ко от до за о об у при через это этот эта эти мы вы он она они я бы же ли надо нужно
            можно""",
        again="не",
        particle="не нет",
        kept="ни",
        neutral="не_только нет_нет",
    ),
}

#: Languages without rules: a line with one of these words, or for a flag with one, is filed in own words.
LISTS = {
    "it": """non no mai nessun* niente nulla né neppure nemmeno neanche senza viet* proib* evit* rifiut* imposs* imped* solo
        soltanto solamente unicamente salvo tranne eccetto invece smett* manc* esclu* inutil* neg* divieto giammai divieti
        privo priva privi blocc* fall* basta""",
    "nl": """niet geen nooit niemand niets nergens noch nimmer zonder verbod* verbied* vermijd* vermeden weiger* geweiger* onmogelijk*
        voorkom* alleen slechts enkel uitsluitend behalve tenzij stop* niks afgewezen nee ontbre* geblokkeerd kan_niet""",
    "pl": """nie ni nigdy nikt nikogo nikomu nic niczego nigdzie żad* ani bez zakaz* zabron* zabrani* unika* odma* odmów* odrzuc*
        niemożliw* nieda* tylko jedynie wyłącznie oprócz chyba zamiast brak* przesta* wyklucz* wzbron* blok* nie*""",
}

#: Signs of text without blanks, longest first in each row; those of `Sign.NOT` each deny.
UNSPACED = {
    "zh": {
        "": """不仅 不僅 不但 无论 無論 不论 不論 未来 未來 非常 特别 特別 分别 分別 区别 區別 级别 級別 类别 類別 识别 識別 别名 別名
            除了 只要 是否 能否 否则 否則""",
        "not": """通不过 通不過 不 没 沒 未 无 無 勿 别 別 毋 莫 非 否""",
        "ban": """谨防 謹防 提防 当心 當心 小心 慎 甭 休要 休得 禁 忌 避免 拒绝 拒絕 防止 杜绝 杜絕 停止 难以 難以 失败 失敗 缺 阻止 休想 免 拒 谢绝 排除 戒 失效 跳过 停用 关闭 很少 甚少 极少 少有 鲜有 鲜少 罕 岂 反对 反對 休止 暂停 暫停""",
        "only": "只 仅 僅 唯 光",
        "except": "除",
        "instead": "而",
    },
    "ja": {
        "": """なければならな なくてはならな なくてはいけな なければいけな ないといけな ないとならな ねばならな ざるを得な なければなりません なくてはなりません
            なければいけません なくてはいけません ないといけません かもしれない かもしれません だけでなく のみならず 必ず はず いずれ ずつ
            未来 非常 みなさん なぜ 少なく 少ない つなが ながら わずか はなす 間もなく ならでは 忘れず""",
        "not": """ていない てはいけない てはいけません てはならない てはなりません ちゃいけない ちゃだめ ない なく なかっ なけれ ません ず ぬ 無 未 非 不 なし
            無し まい ねえ なるな すんな""",
        "ban": """禁止 厳禁 禁 だめ ダメ 駄目 避け 拒否 拒絶 やめ 止め 拒 防 断 却下 欠 失敗 中止 停止 除外 廃止 控え 抜き ＮＧ NG 嫌 しなくてよい 諦め タブー 遠慮 もってのほか 以ての外 要注意""",
        "only": "だけ のみ しか ばかり 限り 限る 限ら に限 専用",
        "except": "以外 除き 除い 除く",
        "instead": "代わり かわり ではなく でなく 替わり",
    },
}  # fmt: skip
