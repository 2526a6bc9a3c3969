"""Denials, bans and restrictions do not vanish, come in or move, in whatever language a flag is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.drain.faithful import findings
from gitmem.grounding.denials import KNOWN, LISTED
from gitmem.grounding.judge import Rule, judge
from gitmem.grounding.language import UNKNOWN, language_of
from tests.bench import language_rates as rates
from tests.support.growth import LINEAR, growth

#: The flag, and a rewording that says the opposite.
REVERSED = [
    ("Ne jamais pousser sur main.", "Pousser sur main."),
    ("Ne jamais, au grand jamais, pousser sur main.", "Pousser sur main."),
    ("Toucher au schéma de la base ? Surtout pas.", "Toucher au schéma de la base."),
    ("Interdit de modifier les migrations.", "Modifier les migrations."),
    ("La file n'accepte que les messages signés.", "La file accepte les messages signés."),
    ("La file n'accepte que les messages signés.", "La file n'accepte pas les messages signés."),
    ("No hacer nunca push a main.", "Hacer push a main."),
    ("No hay ningún test para el módulo.", "Hay ningún test para el módulo."),
    ("Prohibido tocar el bucket de prod.", "Tocar el bucket de prod."),
    ("Nunca subir sin revisión a la rama.", "Subir sin revisión a la rama."),
    ("Los tests que no usan la red corren.", "Los tests que usan la red no corren."),
    ("Docker funciona con la caché, Podman no.", "Podman funciona con la caché, Docker no."),
    ("Nunca fazer push na main.", "Fazer push na main."),
    ("Não há nenhum teste para o módulo.", "Há nenhum teste para o módulo."),
    ("Никогда не пушить в main.", "Пушить в main."),
    ("Никогда не пушить в main.", "Никогда пушить в main."),
    ("Пока нет ревью, мы не мержим.", "Пока нет ревью, мы мержим."),
    ("Запрещено трогать бакет прода.", "Трогать бакет прода."),
    ("Der Dienst läuft nicht ohne den Cache.", "Der Dienst läuft ohne den Cache."),
    ("Den Branch zu löschen ist verboten.", "Den Branch zu löschen."),
    ("Deployt wird nur am Dienstag.", "Deployt wird am Dienstag."),
    ("禁止直接推送到 main。", "直接推送到 main。"),
    ("状态表不同步到报表库。", "状态表同步到报表库。"),
    ("测试通不过。", "测试通过。"),
    ("main に直接プッシュするな。", "main に直接プッシュする。"),
    ("設定は読まずに適用する。", "設定は読んで適用する。"),
    ("ここでは触らないこと。", "ここでは触ること。"),
    ("Never, ever rename the columns of `facts`.", "Rename the columns of `facts`."),
    ("No one should never skip the review.", "Skip the review."),
    ("Stop calling `/v1/search` from the frontend.", "Call `/v1/search` from the frontend."),
    ("The task refrains from emptying the bin.", "The task empties the bin."),
    ("Pushing to main: never.", "Pushing to main."),
    ("Auf main pushen: niemals.", "Auf main pushen."),
    ("Der Cache ist alles andere als sicher.", "Der Cache ist sicher."),
    ("Em hipótese alguma reinicie o serviço.", "Reinicie o serviço."),
    ("De ningún modo borres los registros de la base.", "Borres los registros de la base."),
    ("谨防重复提交订单。", "重复提交订单。"),
    ("Vietato fare push su main.", "Fare push su main."),
    ("Non fare mai push su main.", "Fare push su main."),
    ("Nigdy nie wypychaj na main.", "Wypychaj na main."),
    ("Push nooit naar de main branch.", "Push naar de main branch."),
    ("Jangan push ke main.", "Push ke main."),
    ("Ніколи не пушити в main.", "Пушити в main."),
    ("main에 푸시하지 않는다.", "main에 푸시한다."),
    ("Kein Redis.", "Redis."),
    # Two of the words that deny once are two denials when the same one stands twice.
    ("El bot no puede no verificar la firma.", "El bot puede no verificar la firma."),
    ("No se permite no firmar los commits.", "No se permite firmar los commits."),
    ("O bot não pode não verificar a assinatura.", "O bot pode não verificar a assinatura."),
    ("Le bot ne peut ne pas vérifier la signature.", "Le bot peut ne pas vérifier la signature."),
    ("On ne peut pas ne pas relancer le worker.", "On ne peut pas relancer le worker."),
    ("Бот не может не проверять подпись.", "Бот может не проверять подпись."),
    ("Мы не не знаем причину.", "Мы не знаем причину."),
    # Nearly none, and all but one.
    ("Few of the images are signed.", "Most of the images are signed."),
    ("We gave up on the Windows build.", "We work on the Windows build."),
    ("Secrets stay out of the repository.", "Secrets belong to the repository."),
    ("Hands off the prod bucket.", "Hands on the prod bucket."),
    ("Das Feld ist nicht-leer bei jedem Export.", "Das Feld ist leer bei jedem Export."),
    # An apostrophe of another make, and a denial that is marked.
    *(
        (f"The deploy isn{mark}t done on Fridays.", "The deploy is done on Fridays.")
        for mark in "'\u2019\u00b4`\u02bc\u2032\uff07\u201b"
    ),
    *(
        (f"Deploys are {mark}not{mark} done on Fridays.", "Deploys are done on Fridays.")
        for mark in ("`", "*", "**", "~~", "_", '"')
    ),
    (
        "Ne jamais pousser sur main because the pipeline is slow and we have no fallback.",
        "Pousser sur main because the pipeline is slow and we have no fallback.",
    ),
]

#: The flag, and a trim that leaves the denial out. (The line with more than the flag is new words.)
LEFT_OUT = [
    ("The option has zero effect on Linux.", "The option has some effect on Linux."),
    ("Le service est loin d'être stable.", "Le service est stable."),
    ("Les tests passent rarement sous Windows.", "Les tests passent sous Windows."),
    ("Rares sont les images qui sont signées.", "Les images sont signées."),
    ("El servicio es todo menos estable.", "El servicio es estable."),
    ("Pocas de las imágenes están firmadas.", "Las imágenes están firmadas."),
    ("Prescinda do Redis nos testes.", "Use o Redis nos testes."),
    ("Der Dienst ist weit davon entfernt, stabil zu sein.", "Der Dienst ist stabil zu sein."),
    ("Mit Ausnahme der Produktion ist der Proxy aus.", "In der Produktion ist der Proxy aus."),
    ("Das Backup überspringt die Tabelle `sessions`.", "Das Backup die Tabelle `sessions`."),
    ("Das Deployment bleibt aus, wenn es rot ist.", "Das Deployment bleibt, wenn es rot ist."),
    ("Бэкап пропускает таблицу `sessions`.", "Бэкап: таблица `sessions`."),
    ("仓库里岂能存放密钥。", "仓库里能存放密钥。"),
]

#: The flag, and a rewording that may stand.
KEPT = [
    ("Attention : ne jamais pousser sur main.", "Ne jamais pousser sur main."),
    ("Ojo: no hacer push a main nunca.", "No hacer push a main nunca."),
    ("No hacer push a main nunca.", "Nunca hacer push a main."),
    ("O deploy não usa nada da fila, está claro.", "O deploy não usa nada da fila."),
    ("Важно: никогда не пушить в main.", "Никогда не пушить в main."),
    ("Die Migration läuft nur noch auf Postgres 16.", "Die Migration läuft auf Postgres 16."),
    ("注意：禁止直接推送到 main。", "禁止直接推送到 main。"),
    ("念のため、本番には触らないこと。", "本番には触らないこと。"),
    ("Never push to `main`, it breaks the release.", "Never push to `main`."),
    ("Il limite del gateway è di 20 richieste.", "Il limite è di 20 richieste."),
    ("Testy uruchamia się teraz przez `tox`.", "Testy uruchamia się przez `tox`."),
    ("jangan push ke main", "Jangan push ke `main`."),
    ("Note: only a few of the tests run at night.", "Only a few of the tests run at night."),
    ("Ojo, no hay que usar nunca la red aquí.", "No hay que usar nunca la red aquí."),
    ("Note: the deploy isn\u00b4t done on Fridays.", "The deploy isn't done on Fridays."),
    ("Run `job`s only at night, please.", "Run `job`s only at night."),
]


@pytest.mark.parametrize(("flag", "line"), REVERSED)
def test_a_denial_does_not_vanish_from_a_reworded_line(flag: str, line: str) -> None:
    refusing, _ = findings(line, [flag], ())

    assert refusing


@pytest.mark.parametrize(("flag", "line"), REVERSED)
def test_a_denial_does_not_come_into_a_reworded_line(flag: str, line: str) -> None:
    refusing, _ = findings(flag, [line], ())

    assert refusing


@pytest.mark.parametrize(("flag", "line"), LEFT_OUT)
def test_a_word_that_denies_nearly_or_all_but_is_not_trimmed(flag: str, line: str) -> None:
    refusing, _ = findings(line, [flag], ())

    assert refusing


@pytest.mark.parametrize(("flag", "line"), KEPT)
def test_a_line_that_keeps_the_denial_may_be_reworded(flag: str, line: str) -> None:
    assert findings(line, [flag], ()) == ([], [])


def test_in_a_language_that_is_not_known_only_the_flags_own_words_are_written() -> None:
    assert Rule.H17 in _rules("Push ke main pada malam hari.", ["Push ke main hari ini."])
    assert not _rules("Push ke main!", ["push ke `main`"])


def test_what_replaces_a_line_may_deny_what_that_line_said() -> None:
    line = "El módulo `geo` ya no depende de la red."

    assert not _rules(line, [line], ["El módulo `geo` depende de la red."])


@pytest.mark.parametrize("name", rates.DENIALS)
def test_no_known_language_lets_more_than_two_in_a_hundred_reversals_through(name: str) -> None:
    every = rates.rewordings(f"{name}.tsv")
    accepted = rates.judged(every).accepted

    for language in KNOWN:
        reversals = [one for one in every if one.language == language and not one.faithful]
        wrong = [one for one in reversals if one.id in accepted]
        assert len(wrong) <= 0.02 * len(reversals), wrong


def test_each_known_language_has_at_least_150_reversals_written_before_it_was_scored() -> None:
    every = [one for name in rates.DENIALS for one in rates.rewordings(f"{name}.tsv")]

    for language in KNOWN:
        assert sum(one.language == language and not one.faithful for one in every) >= 150


def test_no_reversal_in_an_unknown_language_is_written() -> None:
    every = rates.rewordings("unknown.tsv")

    assert rates.judged(every).accepted == frozenset()
    named = [one for one in every if one.language != "short"]
    assert not {language_of((one.line, one.flag)) for one in named} & {*KNOWN, *LISTED}


def test_a_known_language_is_mostly_told() -> None:
    for name in rates.DENIALS:
        every = rates.rewordings(f"{name}.tsv")
        told = {one.id: language_of((one.line, one.flag)) for one in every}
        right = [one for one in every if told[one.id] == one.language]
        assert len(right) >= 0.95 * len(every)
        wrong = [one for one in every if told[one.id] not in {one.language, UNKNOWN}]
        assert not [one for one in wrong if told[one.id] in {*KNOWN, *LISTED}]


@pytest.mark.parametrize("name", rates.DENIALS)
def test_a_first_run_of_rewordings_belongs_to_the_lines_as_they_were_then(name: str) -> None:
    run = rates.first_run(name)
    known = {one.id for one in rates.rewordings(f"{name}.tsv")}

    assert run["cases_sha256"] == rates.digest(f"{name}.tsv")
    assert {*run["accepted"], *run["refused"], *run["untold"]} <= known


@pytest.mark.parametrize(
    "texts",
    [
        ("No feu mai push a main.",),
        ("Никога не пушвай в main.",),
        ("唔好直接推去 main。",),
        ("Kein Redis.",),
        ("src/app.py", "https://example.org"),
        ("", "  "),
        ("Le serveur est lent.", "The server is slow when the cache is cold."),
    ],
)
def test_a_line_of_another_language_of_two_or_too_short_is_told_as_unknown(
    texts: Sequence[str],
) -> None:
    assert language_of(texts) not in {*KNOWN, *LISTED}


PIECES = [
    "ne jamais a, b c d. ", "no hay ninguna, y ", "не а, б в г. ", "nicht a, b c d und ", "不 a，b c。",
    "ないa、bか。", "que ", "le la les ", "ne ", "the a b, ", "sans x ", "。", "禁止", "solo a. ", "é ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_grows_with_the_text_in_each_language(piece: str) -> None:
    def judged(text: str) -> None:
        for start in (
            "le la les dans ",
            "el los que hay ",
            "die der und ist ",
            "это что на ",
            "的是",
            "です",
        ):
            judge(start + text, [f"{start}{text} z"])

    # A flag has at most 1,000 characters: twice that is all that is ever judged.
    assert growth(judged, piece, size=512) < LINEAR


@given(st.lists(st.sampled_from(" ".join(PIECES).split()), max_size=20), st.text(max_size=40))
def test_any_text_of_any_language_is_judged(words: list[str], other: str) -> None:
    text = " ".join(words)

    assert judge(text, [other]) == judge(text, [other])
    assert language_of((text, other)) == language_of((other, text))


def _rules(line: str, sources: Sequence[str], replaced: Sequence[str] = ()) -> set[Rule]:
    verdict = judge(line, sources, replaced)
    return {finding.rule for finding in (*verdict.hard, *verdict.soft)}
