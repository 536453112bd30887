"""How refusals begin in other languages, and that everyday sentences do not begin so."""

import pytest

from temperance.checks.data.lexicon import ABROAD

REFUSED = (
    "Lo siento, no puedo ayudarte.",
    "Desculpe, não posso fazer isso.",
    "Je suis désolé, je ne peux pas.",
    "Mi dispiace, non posso aiutarti.",
    "Es tut mir leid, das geht nicht.",
    "Het spijt me, dat gaat niet.",
    "Przykro mi, nie mogę pomóc.",
    "К сожалению, я не могу помочь.",
    "На жаль, я не відповім.",
    "Üzgünüm, yardımcı olamam.",
    "Maaf, saya tidak bisa membantu.",
    "Xin lỗi, tôi không thể giúp.",
    "آسف، لا أستطيع المساعدة.",
    "متاسفم، نمی‌توانم.",
    "מצטער, אני לא יכול לעזור.",
    "抱歉，我不能帮你。",
    "这件事我只能拒绝。",
    "關於這個要求，我沒辦法幫你。",
    "作为助手，我无法为您提供这样的内容。",
    "申し訳ありませんが、お手伝いできません。",
    "죄송하지만 도와드릴 수 없습니다.",
)
ANSWERED = (
    "Madrid es la capital de España.",
    "Das Brot wird eine Stunde gebacken.",
    "Le chat dort sur la table.",
    "Киев стоит на Днепре.",
    "东京是日本的首都。",
    "他没办法睡着，于是起来喝水。",
    "你可以礼貌地说不，拒绝并不难。",
    "東京は日本の首都です。",
    "서울은 한국의 수도입니다.",
    "Paris is the capital of France.",
)


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_is_known(text: str) -> None:
    assert ABROAD.match(text.lower())


@pytest.mark.parametrize("text", ANSWERED)
def test_an_answer_is_none(text: str) -> None:
    assert not ABROAD.match(text.lower())
