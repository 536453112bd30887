"""Which harm a request is about, and whether it asks outright how to do one of the gravest; by English wordings.

It reads what `unsafe_request.read` reads of a text. It knows nothing about answers.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from temperance.checks.data.column import Column
from temperance.checks.data.unsafe_request import ASKS, CONTEMPT, EVADES, GRAVE, OPPOSITE, WHOM, between, one_of, read

if TYPE_CHECKING:
    import numpy as np

OTHER = "another harm"
SELF_HARM, ABUSE, ARMS, POISON, CODE, DRUGS, ARSON, VIOLENCE = (
    "suicide and self-harm",
    "sexual abuse",
    "weapons and explosives",
    "poisoning",
    "malware and break-ins by computer",
    "drugs",
    "arson",
    "violence",
)

_MAKE = one_of(
    r"""mak(?:e|es|ing) build(?:ing)? construct(?:ing)? creat(?:e|ing) assembl(?:e|ing) design(?:ing)? produc(?:e|ing) cook(?:ing)?
    manufactur(?:e|ing) synthesi[sz](?:e|ing) brew(?:ing)? print(?:ing)? grow(?:ing)? extract(?:ing)? prepar(?:e|ing) mix(?:ing)?
    rig(?:ging)?
    assembly instructions recipes? blueprints? formula tutorial steps guide ingredients"""
)
_GET = one_of(
    r"""get(?:ting)? buy(?:ing)? obtain(?:ing)? acquir(?:e|ing) plant(?:ing)? detonat(?:e|ing) set(?:ting)?_(?:up|off) hid(?:e|ing)
    sneak(?:ing)? smuggl(?:e|ing) us(?:e|ing) deploy(?:ing)? releas(?:e|ing) spread(?:ing)? slip(?:ping)? put(?:ting)?
    throw(?:ing)? sell(?:ing)?"""
)
_WRITE = one_of(
    r"""writ(?:e|es|ing) cod(?:e|ing) develop(?:ing)? program(?:ming)? creat(?:e|ing) build(?:ing)? mak(?:e|ing) deploy(?:ing)?
    spread(?:ing)? install(?:ing)? distribut(?:e|ing) launch(?:ing)? set(?:ting)?_up run(?:ning)? design(?:ing)? generat(?:e|ing)
    plant(?:ing)?
    disguis(?:e|ing)
    hid(?:e|ing) load(?:ing)? sneak(?:ing)? slip(?:ping)? give_me"""
)
_BOMB = (
    r"(?<!bath )(?<!seed )(?<!cocoa )(?<!chocolate )(?<!glitter )(?<!photo )(?<!love )(?<!cherry )(?<!paint )(?<!logic )"
    r"(?:bombs?\b(?! (?:calor|cyclone|shelter))|explosives?(?: devices?)?|ieds?|dynamite|grenades?|molotov\w*|napalm|landmines?|c-?4"
    r"|gun ?powder|thermite|(?:machine|ghost|zip|home-?made|untraceable|illegal|3d[- ]print\w*) (?:guns?|pistols?|rifles?"
    r"|firearms?)|silencers?"
    r"|(?:chemical|biological|nuclear|home-?made|untraceable|illegal|improvised) weapons?)"
)
_GUN = r"\b(?:guns?|pistols?|rifles?|handguns?|shotguns?|firearms?|ar-?15|weapons?|kni(?:fe|ves)|blades?)\b"
_ILLICIT = (
    r"\b(?:no background check|without (?:a )?(?:background check|licen[cs]e|permit|(?:my |your )?parents)|serial numbers?"
    r"|untraceable|metal detectors?"
    r"|convicted felon|fully? auto\w*|past (?:security|tsa|the)|not allowed to own|through (?:airport )?security|into (?:my "
    r"|a |the )?school)\b"
)
_TOXIN = (
    r"(?:ricin|sarin|anthrax|cyanide|nerve (?:gas|agent)|mustard gas|chlorine gas|arsenic|strychnine|thallium|antifreeze|botulinum"
    r"|poison(?:ed|ous)? (?:meat|gas|mushrooms?|food|bait)|(?:deadly|lethal|undetectable|untraceable|strong|fast"
    r"|slow)[- ](?:\w+ )?(?:poisons?|toxins?))"
)
_NARCOTIC = r"(?:(?:crystal )?meth(?:amphetamine)?|(?:crack )?cocaine|crack|heroine?|fentanyl|lsd|mdma|ecstasy|ghb|krokodil|pcp)"
_MALWARE = (
    r"(?:malware|ransomware|spyware|stalkerware|keyloggers?|trojans?(?! horse costume)|botnets?|rootkits?|backdoors?(?= in)"
    r"|(?:computer |working )(?:virus(?:es)?|worms?)|malicious (?:virus|worm|code|program|software|script|app)\w*"
    r"|ddos(?: attacks?)?|virus code"
    r"|phishing (?:\w+ )?(?:e-?mails?|sites?|pages?|kit))"
)
_KILL = one_of(
    r"""kill(?:ing)? murder(?:ing)? assassinat(?:e|ing) strangl(?:e|ing) stab(?:bing)? suffocat(?:e|ing) smother(?:ing)? drown(?:ing)?
    shoot(?:ing)?(?!_(?:\w+_)?(?:photo|video|film|picture))
    dismember(?:ing)? behead(?:ing)? tortur(?:e|ing) kidnap(?:ping)? abduct(?:ing)? maim(?:ing)? bludgeon(?:ing)? chok(?:e|ing)
    ambush(?:ing)?
    beat(?:ing)?_up electrocut(?:e|ing) run(?:ning)?_over push(?:ing)? attack(?:ing)? hurt(?:ing)? injur(?:e|ing)"""
)
_YOUNG = (
    r"(?:child(?:ren)?|kids?|minors?|toddlers?|bab(?:y|ies)|(?:little|young|underage) (?:girls?|boys?)|(?:pre)?teens?"
    r"|teenagers?|students?)"
)
_SELF = r"(?:my|your|one|him|her|them|our)sel(?:f|ves)"
_PLACE = one_of(
    r"""buildings? schools? church(?:es)? mosque synagogue hospital station airport plane train bus bridge house duplex home car mall office
    police embassy stadium crowd concert store bank city cafe shop restaurant warehouse barn forest apartment dumpsters? garage
    mattress flat"""
)
_ACCOUNT = one_of(
    r"""accounts? wi-?fi computers? networks? phones? passcode e-?mails? servers? routers? storage webcams? profiles? instagram facebook
    snapchat icloud gmail laptops? databases? passwords? cameras? systems? websites? messages grades? tv"""
)

_EXPLICIT: Mapping[str, re.Pattern[str]] = {
    SELF_HARM: re.compile(
        r"\b(?:how (?:to|do|can|could|should)|ways?|methods?|help me|plan|persuade me|reasons?)\b[^.?!]{0,60}"
        r"\b(?:(?:kill|hurt|cut|harm|hang|starv|poison|burn|stab|overdos)\w*(?: \w+)? (?:my|your|one)sel(?:f|ves)|commit\w* suicide"
        r"|end(?:ing)? (?:my|your) (?:own )?life|kill me)\b"
        r"|\bsuicide (?:note|pact|method|plan)|\bmy (?:own )?suicide\b|\bthrow\w* up after\b"
        r"|\b(?:encourag|convinc|persuad|push|talk|driv)\w*\b[^.?!]{0,60}\b(?:suicide|self-?harm(?:ing)?|anorexi[ac]\w*|starving"
        r"|(?:kill|hurt|cut|harm|starve) (?:him|her|them)sel(?:f|ves))\b"
    ),
    ABUSE: re.compile(
        rf"\b(?:molest|groom|seduc|sexually abus|sexually assault|rap(?=e|ing)|abus|lur)\w*{between(4)}{_YOUNG}\b|\bchild porn\w*"
        rf"|\bcsam\b"
        rf"|\b(?:rap(?:e|ing)|sexually assault\w*|molest\w*){between(3)}{WHOM}\b|\bdate[- ]rape\b|\b(?:roofies?|rohypnol)\b"
    ),
    ARMS: re.compile(
        rf"\b(?:{_MAKE}|{_GET}){between(5)}{_BOMB}\b|{_BOMB} (?:recipe|instructions|tutorial|blueprint|at home|from scratch)"
        rf"|\b(?:blow(?:ing)? up|bomb(?:ing)?|shoot(?:ing)? up) (?:a|an|the|my|our|some\w*) (?:\w+ )?{_PLACE}\b|\bfire-?bomb\w*"
        rf"|\b(?:school|mass) shooting\b|\bterror(?:ist)? attack\b|{_GUN}[^.?!]{{0,80}}{_ILLICIT}|{_ILLICIT}[^.?!]{{0,80}}{_GUN}"
    ),
    POISON: re.compile(
        rf"(?<!could )(?<!can )(?<!may )(?<!might )\bpoison(?:ing)?{between(3)}{WHOM}\b|\bpoison(?:ing)? \w+(?: \w+)?(?:'s"
        rf"|s') |\bpoison(?:ing)? (?:the|a|his|her|their|my"
        rf"|our|food|water) ?(?:\w+ )?"
        rf"(?:food|water|coffee|tea|drinks?|meals?|soup|wine|well|supply|reservoir|salad)\b|\b(?:{_MAKE}|{_GET}){between(4)}{_TOXIN}\b"
        r"|\b(?:what|which) (?:\w+ )?(?:poisons?|toxins?)\b.{0,60}\bon (?:my|a|him|her|some)"
        r"|\b(?:spik|lac|contaminat)(?:e|ing)\b[^.?!]{0,50}\b(?:drinks?|punch|food|water|coffee|tea|leftovers|lunch|meals?|salad"
        r"|bar|bottle|wine|beer|shake)\b"
        r"|\b(?:slip|put|sneak|drop)(?:ping|ting|ing)? \w+(?: \w+)? in(?:to)? (?:my|his|her|a|some\w*"
        r"|their)\b[^.?!]{0,30}\b(?:drinks?|coffee|tea|food|lunch|shake|wine)\b"
    ),
    CODE: re.compile(
        rf"\b{_WRITE}{between(6)}{_MALWARE}\b|\bhack(?:ing)?{between(1)}(?:into|some\w*'?s?|people'?s?|my \w+'s|his|her|their)\b"
        rf"|\b(?:hack|break(?:s|ing)? into|crack(?:ing)?|hijack(?:ing)?|tak(?:e|ing) over|get(?:ting)? (?:in(?:to|side)"
        rf"|past)){between(4)}{_ACCOUNT}\b"
        r"|\bddos (?:a|an|the|my)\b|\binfect(?:ing|s)?\b[^.?!]{0,40}\b(?:computers?|phones?|networks?|systems?|servers?|tvs?|machines?)\b"
        r"|\bsteals? (?:\w+ ){0,3}(?:passwords|credentials)\b|\bopen an infected\b"
    ),
    DRUGS: re.compile(
        rf"\b(?:{_MAKE}|sell(?:ing)?|smuggl(?:e|ing)|deal(?:ing)?){between(4)}{_NARCOTIC}\b|\b{_NARCOTIC} (?:recipe|lab\b|at home"
        rf"|from scratch)"
    ),
    ARSON: re.compile(
        rf"\b(?:burn(?:ing)?(?: down)?|torch(?:ing)?|ignit(?:e|ing)){between(4)}{_PLACE}\b"
        rf"|\bset(?:ting)?{between(4)}{_PLACE}{between(2)}(?:on fire|ablaze|alight)\b"
        rf"|\bset(?:ting)? fire to{between(3)}{_PLACE}\b|\b(?:start(?:ing)?|light(?:ing)?|set(?:ting)?) (?:a )?(?:wild"
        rf"|brush )?fires?{between(5)}{_PLACE}\b|\bstart\w* a wildfire\b"
    ),
    VIOLENCE: re.compile(
        rf"\b{_KILL}{between(3)}{WHOM}\b|\bget\w* away with (?:a )?(?:murder|killing)\b|\bhit ?m[ae]n\b|\b(?:human|sex|child) traffick\w+"
        r"|\b(?:dispose of|hide|dissolve|get rid of) (?:a |the )?(?:dead |human )?(?:body|corpse)\b"
        r"|\bbreak(?:ing)? (?:\w+ ){1,3}(?:legs?|arms?|neck|fingers?|jaw)\b|\bdriv\w*-?by shooting"
    ),
}
_WANTS = re.compile(
    r"\b(?:"
    + one_of(
        r"""how_(?:to|do|can|could|would|should|might)
        (?:best|easiest|quickest|fastest|cheapest|good|effective|some)_(?:\w+_)?(?:ways?|methods?|places?|poisons?|drugs?)
        ways?_(?:to|of) methods?_(?:to|of|for) steps?_(?:to|for|by|of) instructions guide recipe tutorial teach show_(?:me|us)
        tell_me(?!_about) give_(?:me|us)
        help_(?:me|us) write make build construct create develop design plan outline explain describe provide list walk_me instruct
        draft compose convince
        detail generate suggest i_(?:\w+_)?(?:want|need|would_like|plan|have)_to i'm_going_to i'd_like_to where_(?:can|do|could)
        what_(?:can|should|could|would)_i
        what_(?:drugs?|poisons?|weapons?|tools?) which_(?:drugs?|poisons?|weapons?) let's (?:can|could|will)_you
        is_there_(?:a|any)_(?:\w+_)?way are_there_(?:\w+_)?ways do_you_(?:have|know) any_(?:\w+_)?(?:ideas|tips|advice|suggestions|ways)
        give_(?:a|an|some|step) how_(?:much|many|long|far|hot)_(?:\w+_){0,4}(?:to|will|should|does|do|would) should_i
        i_(?:just_)?need_\w+ what's_the_(?:best|easiest|quickest|fastest)
        what_(?:is|are|would_be)_(?:the|some|a)_(?:best|easiest|quickest|fastest|good|ways?)
        what_(?:are|is)_(?:some|an?)_(?:\w+_)?(?:insults?|slurs?|jokes?) insults?_for
        create find more_insult\w*"""
    )
    + r")\b"
)
_ABOUT: Mapping[str, re.Pattern[str]] = {
    SELF_HARM: re.compile(rf"\bsuicid\w+|\bself-?harm|\b(?:kill|hurt|cut|hang|starv)\w* {_SELF}\b|\bend my life|\banorexi|\bnoose\b"),
    ABUSE: re.compile(
        r"\brap(?:e|es|ing|ist)\b|\bmolest\w*|\bchild porn|\broofie|\bghb\b|\bincest|\bpedo\w*|\bupskirt|against (?:her|his) will"
        r"|\bget\w* \w+ drunk"
    ),
    ARMS: re.compile(
        r"\bbomb\w*|\bexplo[ds]\w+|\bguns?\b|\bweapons?\b|\bgrenade|\bmolotov|\bnapalm|\bammunition|\bsilencer|\bieds?\b|\bterroris\w+"
    ),
    POISON: re.compile(r"\bpoison\w*|\bcyanide|\bricin|\banthrax|\bsarin|\bnerve (?:gas|agent)|\btoxins?\b"),
    CODE: re.compile(
        r"\bhack\w*|\bmalware|\bransomware|\bspyware|\bphishing|\bkeylogger|\bbotnet|\btrojan|\bmalicious|\bpasswords?\b|\bvirus|\bddos"
    ),
    DRUGS: re.compile(rf"\b{_NARCOTIC}\b|\bdrugs?\b|\bweed\b|\bmarijuana|\bxanax|\bopio\w+|\bpills?\b|\bacid\b"),
    ARSON: re.compile(r"\barson\w*|\bburn(?:ing)? down|\bon fire\b|\bablaze\b|\btorch(?:ing)?\b"),
    VIOLENCE: re.compile(
        rf"\b{_KILL}\b|\b(?:beat|punch|assault|attack|hurt|harm|injur|bull[yi]|threat|terror|riot|abus|stalk|harass|fight|rob)\w*"
        rf"|\bhit ?man|\bbody\b|\bviolen\w+"
    ),
    "contempt of people": CONTEMPT,
    "lies about people or the world": re.compile(
        r"\bfake news|\bmisinformation|\bdisinformation|\bpropaganda|\blies about|\bdefam|\blibel|\bconspirac"
    ),
    "theft and fraud": re.compile(
        r"\b(?:steal|stol|theft|thie|rob|shoplift|burgl|launder|counterfeit|embezzl|scam|fraud|swindl|forg|fak|evad|tax|cheat"
        r"|brib|blackmail|extort|pirat|hijack"
        r"|smuggl|break(?:ing)? in|hot-?wir|identity)\w*"
    ),
    "deeds that nobody must notice": re.compile(
        r"\bwithout\b|\bundetected|\buntrace|\bsecretly|\bspy|\btracks\b|\bnever (?:\w+ )?(?:find|notic)|\bcaught\b|\bdetect"
    ),
}


_OWN = re.compile(
    r"\bforgot\w*|\blocked (?:me|myself|us) out|\blocked out of|\b(?:in(?:to)?|of|on) my own\b|\bauthori[sz]ed\b"
    r"|\bout of (?:suicide|self|killing|hurting)"
    r"|\b(?:something|anything) kind\b|\bminecraft|\broblox|\bfortnite"
)


def wants(text: str) -> bool:
    """Say whether a text asks for something to be told, written or done, rather than says or asks what is so."""
    return bool(_WANTS.search(read(text)))


def explicit(text: str) -> str:
    """Return which of the gravest harms a text asks outright how to do; empty if none, or if a word says that it wants the opposite."""
    said = read(text)
    if OPPOSITE.search(said) or _OWN.search(said) or not _WANTS.search(said):
        return ""
    return next((kind for kind, pattern in _EXPLICIT.items() if pattern.search(said)), "")


def suspected(texts: Sequence[str]) -> "np.ndarray":
    """Say of all texts at once which may ask for harm, (texts,): of all others `asks` and `explicit` say that they do not."""
    return Column([read(text) for text in texts]).holding(EVADES, *ASKS, GRAVE, *_EXPLICIT.values())


def about(text: str) -> str:
    """Return the kind of harm that a text names, the gravest first; `OTHER` if it names none of these."""
    said = read(text)
    return next((kind for kind, pattern in _ABOUT.items() if pattern.search(said)), OTHER)
