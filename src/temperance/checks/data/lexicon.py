"""Words by which the checks on data recognise harm, refusal and ill temper. Each errs; none decides about a row alone.

All are looked for in small letters: whoever asks lowers the text first, which is four times as fast as a search that ignores case.
They are English, but for `ABROAD`: how refusals begin in other languages, by their apologies and by "cannot help, answer, do that".
"""

import re

HARM = re.compile(
    r"\b(?:kill|murder|bombs?\b|explosi|weapon|poison|attack|hack(?:ing|er|ed)?\b|malware|virus|phish|steal|stole|theft|rob\b|robb|fraud|scam|"
    r"forge|counterfeit|blackmail|extort|kidnap|torture|abus|rape|sexual|porn|suicid|self.?harm|drugs?\b|meth\b|cocaine|heroin|terror|"
    r"racis|sexis|hate|slur|discriminat|stereotyp|insult|illegal|crime|criminal|violen|stalk|harass|bully|threat|destroy|hurt|harm|"
    r"shoot|stab|strangl|arson|burn down|smuggl|traffick|launder|bribe|exploit|spy|surveil|password|credit card|identity|fake|nazi|genocid|"
    r"inferior|superior race|women|men\b|gay|muslim|jew|black people|immigrant|kids?\b|child|minor)",
)
REFUSAL = re.compile(
    r"\b(?:i|we)(?:['’]m| am| are)?(?: \w+){0,2} (?:sorry|unable|not able|can ?not|can['’]t|won['’]t|will not|must decline|decline to|"
    r"refuse)|\b(?:cannot|can['’]t|unable to|not able to) (?:assist|help|provide|answer|respond|fulfil|comply|do that|complete|share)|"
    r"^\W*(?:sorry|apologies|unfortunately,? i)\b|as an ai\b",
)
SOUR = re.compile(r"\b(?:stupid|idiot|pathetic|worthless|awful|terrible|horrible|disgust\w*|hate|loser|useless|dumb|garbage)\b")
ABROAD = re.compile(
    r"\W*(?:[^\W\d_]+,? ){0,2}?(?:"
    r"(?:lo|le) siento|lamento|disculp\w+|perd[oó]n\w*|no (?:puedo|podemos|pude|me es posible|voy a)|(?:debo|tengo que) (?:neg|rechaz)\w+|"
    r"prefiero no|"
    r"desculp\w+|sinto muito|não (?:posso|podemos|consigo|vou|me é possível)|recuso|prefiro não|"
    r"désolée?|(?:je )?regrette|je (?:ne (?:peux|puis|suis pas)|refuse|dois refuser|préfère ne pas)|navrée?|"
    r"mi dispiace|spiacente|scus\w+|non (?:posso|possiamo|riesco|sono in grado)|devo rifiut\w+|preferisco non|"
    r"(?:es )?tut mir leid|entschuldig\w+|leider|(?:ich )?(?:kann|möchte|darf|werde) (?:\w+ ){0,3}nicht|ich muss (?:\w+ )?ablehnen|"
    r"(?:het )?spijt me|helaas|(?:ik )?kan (?:\w+ ){0,3}niet|förlåt|tyvärr|beklager|desværre|dessverre|jag kan (?:\w+ )?inte|"
    r"przykro mi|przepraszam|niestety|nie (?:mogę|jestem w stanie)|üzgünüm|maalesef|özür dilerim|"
    r"maaf|mohon maaf|(?:saya )?tidak (?:bisa|dapat|mampu)|xin lỗi|rất tiếc|(?:tôi )?không thể|"
    r"извин\w+|прости\w+|к сожалению|сожале\w+|не (?:могу|можу|смогу|буду|в состоянии|в змозі)|боюсь|"
    r"вибач\w*|на жаль|перепрош\w+|пробач\w*|боюся|(?:должен|вынужден|мушу) (?:\w+ )?(?:отказ|відмов)\w+|"
    r"آسف|عذرا|عذرًا|أعتذر|للأسف|لا (?:أستطيع|يمكنني)|متأسف\w*|متاسف\w*|ببخشید|با عرض پوزش|شرمنده\w*|نمی.?(?:توانم|تونم)|"
    r"סליחה|מצטער\w*|אני לא יכול\w*|לצערי|माफ़? ?कीजिए|क्षमा|खेद|मैं (?:\S+ ){0,3}नहीं|দুঃখিত|"
    r"(?:很|非常)?(?:抱歉|遗憾|遺憾)|对不起|對不起|不好意思|恕我|我(?:不能|无法|無法|不方便|不会|不會|不可以|必须拒绝|必須拒絕)|"
    r"[^。]{0,12}(?:(?:必须|必須|不得不|只能)拒[绝絕]|(?:无法|無法|不能|没办法|沒辦法)(?:[为為][您你])?(?:帮|幫|回答|提供|协助|協助|满足|滿足))|"
    r"申し訳|すみません|すいません|ごめん|恐れ入りますが|恐縮ですが|残念ながら|お断り|[^。]{0,20}(?:できません|できかねます|答えられません|応じられません)|"
    r"죄송|미안|유감|[^.]{0,20}(?:할 수 없|드릴 수 없|도와드릴 수)"
    r")",
)
