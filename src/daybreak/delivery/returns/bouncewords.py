"""What mail servers say when they will not take a mail, by meaning.

A phrase tells more than a code: the same 550 5.7.1 stands for a dead mailbox here and a blocked sender there. So the
words are asked first, then the enhanced status (RFC 3463; registry of RFC 5248), then the reply code (RFC 5321).
Meanings are asked in the order of the table: a text that speaks of the sender's reputation and says in passing that
the user is unknown is about the reputation. Only the meanings in HARD say that writing again is of no use.
"""

from __future__ import annotations

import re
from functools import lru_cache

NO_MAILBOX, NO_DOMAIN, NO_MAIL, MOVED = "no such mailbox", "no such domain", "takes no mail", "moved"
FULL, DISABLED, FILTERED, UNSAID = "mailbox full", "mailbox disabled", "filtered", "not said"
HARD = frozenset({NO_MAILBOX, NO_DOMAIN, NO_MAIL, MOVED})
# Refusals that say nothing about the mailbox: no reader loses the paper over them.
ABOUT_US = frozenset({"authentication", "blocked", "content", "sender refused", "too many", "too large"})

SENTENCES = {
    NO_MAILBOX: "the mailbox does not exist",
    NO_DOMAIN: "the domain does not exist",
    NO_MAIL: "the domain takes no mail",
    MOVED: "the reader is no longer there",
    FULL: "the mailbox is full",
    DISABLED: "the mailbox is switched off",
    FILTERED: "a filter of the recipient refused it",
    "authentication": "our mail was not recognised as ours (SPF, DKIM or DMARC)",
    "blocked": "our server is blocked there",
    "content": "the text was taken for unwanted",
    "sender refused": "our address was refused as a sender",
    "relaying denied": "that server does not take mail for the reader",
    "too large": "the mail is too large for the mailbox",
    "too many": "too many mails at once",
    "expired": "it could not be delivered in time",
    "network": "the reader’s mail server could not be reached",
    "system": "the reader’s mail server has trouble",
    UNSAID: "no reason was given that we understand",
}

_WORDS: tuple[tuple[str, str], ...] = (
    ("network", r"host (not found|unknown),? (try again|temporar)|temporar\w+ (lookup|name resolution)"),
    # Who sends is meant, whatever is then said to be unknown.
    (
        "sender refused",
        r"sender address rejected|sender domain must exist|sender.{0,20}(user|address) unknown",
    ),
    ("too many", r"too many (\w+ ){0,2}(unknown|invalid|bad|non-?existent) (user|recipient|address|mailbox)"),
    ("system", r"grey ?-?list|temporar\w+ (unavailable|unreachable|deferred|rejected)|is suspect\b"),
    (
        NO_MAILBOX,
        r"(bad|valid) ?-?(rcpt|recipient) ?-?to|can.?t accept (user|recipient)|is not an active address|nessun utente|recipient not ok|rejected recipients"
        r"|envelope recipient (is|has been) (in|denied)|missing home directory|recipient unknown|adressat unbekannt|wasn.t found at|couldn.t be found or|(or|and) is invalid|not in this domain",
    ),
    (
        NO_DOMAIN,
        r"(recipient|destination) domain (must|does not|doesn.t) exist|unroutable address|account or domain may not exist|unrouteable mail domain|no route for current request",
    ),
    (
        NO_MAILBOX,
        r"recipient address rejected: access denied|user unknown in (virtual|local|relay) \w+ table|no valid recipient",
    ),
    (
        FILTERED,
        r"(n[o']t|no) (have |granted )?permission to (post|send|write)|recipient preferences|delivery not authori[sz]ed|delivery to this address is restricted",
    ),
    (
        FULL,
        r"(mail ?box|mail ?folder|account|user|quota|disk|storage|inbox|recipient|maildir)\S* (is |has |are )?(\w+ )?"
        r"(full\b|over ?(-|its |the |allotted )?\s?(quota|storage|limit|size)|out of (disk )?space|exceed)|over ?quota|quota (is )?(exceed|full|violat)"
        r"|(exceed\w*|over|insufficient|not enough) (\w+ |'s |’s ){0,3}(quota|mailbox|disk quota|storage|allowed size)"
        r"|mailbox\S* (size )?(limit|quota|storage)|mailfolder is full|(mbox|mailbox|storage) .{0,20}\bfull\b|mailboxfull"
        r"|too many messages (in|on) (the|this) (mail ?box|mail ?drop)|mail ?box exceeds|quotaexceeded|exceeded (the )?(space|storage)"
        r"|not have enough (disk )?space|boite (aux lettres )?.{0,20}pleine|(postfach|mailbox) .{0,20}voll"
        r"|mailbox.{0,20}メールボックスが一杯|(messages?|mails?) in recipient.s mailbox exceed",
    ),
    (
        "authentication",
        r"\b(spf|dkim|dmarc)\b.{0,80}(fail|reject|policy|record|check|not|softfail|verif|pass)|(fail|violat|reject|check|pass)\S*.{0,60}\b(spf|dkim|dmarc)\b"
        r"|unauthenticated (email|mail|message)|does not have authentication information|authentication checks? failed"
        r"|spoof|not (allowed|permitted|authori[sz]ed) to send (from|as|on behalf)|sender id\b.{0,30}fail|\bspf\b.{0,20}(hard|soft)?fail|openspf|spf\.pobox",
    ),
    (
        "too large",
        r"(message|mail|e-?mail|attachment|body|data|size)\S* (\w+ ){0,3}(too (big|large|long)\b|exceeds (the )?(\w+ ){0,3}(size|limit|maximum|length))|size limit|length exceeds"
        r"|too large (for|to)|maximum (message )?size|message length exceeds|recipsizelimit|message file too big|exceeded maximum (inbound )?message",
    ),
    (
        "too many",
        r"too many (connections|messages|recipients|concurrent|sessions|invalid|errors|emails|mails)|(rate|frequency|connection|sending) (rate )?limit|limit(ed)? (rate|exceeded)|throttl"
        r"|too (fast|frequent)|has sent to too many|unexpected volume|slow down|try(ing)? again (more )?slow|sent too many|rate (is )?(exceed|limit)|exceeded .{0,30}(rate|per (hour|day|minute))"
        r"|frequency limited|too much mail|receiving mail at a rate",
    ),
    (
        "blocked",
        r"black ?list|block(ed)? ?list|\brbl\b|\bdns[bw]l|spamhaus|spamcop|sorbs|barracuda ?central|abuseat|\bsurbl|blocked (using|by|due|for|ip|-)|(ip|host|address|server|client|domain|connection|network|sender)\S* .{0,40}\b(blocked|banned|blacklisted|listed|block list|denylist|deny list)"
        r"|reverse (dns|lookup|hostname|mapping)|\bptr\b|rdns|ip name lookup failed|cannot find your (reverse )?hostname|cannot resolve your|reputation|client host rejected|banned (ip|sending)|may not be mail exchanger"
        r"|(poor|bad|low) (\w+ )?(reputation|sender score)|(dul|dynamic) (ip|range|address|list)|mismatches client ip|connections? not accepted from|not accepted from (this|your)|access from ip|weren.t sent|blocked - see|part of their network"
        r"|helo.{0,30}(reject|resol|invalid|not)|does not resolve|unwanted messages|(this|your) (system|host|ip|server) .{0,30}(is|was|has been) (on|blocked|configured to reject)|connection refused by policy|fix reverse|bl\)\s*$|refused to talk to (me|us)|open (relay|proxy)",
    ),
    (
        "content",
        r"\bspam|\bjunk|\bube\b|\buce\b|unsolicited|\bvirus|malware|phish|infected|trojan|content (rejected|filter|policy|restrict)|(prohibited|illegal|forbidden|banned|unacceptable) (content|attachment|file|extension|word)|security polic|policy (reason|violation|reject|restrict)|local polic|polic(y|ies) (of|at) |(for|due to|violates?|against) (\w+ ){0,3}polic"
        r"|message (was |has been |is )?(rejected|refused|blocked|scored|not (allowed|accepted|permitted)|content)|mail (content )?(rejete|rejected|denied|refused)|e-?mail (was |is |been )?(rejected|refused|blocked)|rejected (by|due to|because|as) (\w+ ){0,3}(filter|content|polic|classif)|classified as|blocked because its content|high[- ]probability|header error|improper use of 8-bit|(duplicate|multiple|missing|invalid|malformed) (\S+ ){0,3}(header|subject|from|date)|rfc ?[25]\d\d1?2?\b.{0,20}compliant|not rfc|8-bit data|bare (lf|cr)|protocol violation|transaction failed:|blacklisted url|content[- ]?reject|denied by (policy|content)|potential(ly)? (security|dangerous|harmful)|dm email not accepted|considered .{0,20}(unwanted|abus)",
    ),
    (
        "sender refused",
        r"(sender|from|envelope|originat\w+|return[- ]path|reverse[- ]path|mail from)\S* (e-?mail |mail )?(address|domain|user|host)?\S* ?.{0,30}(reject|denied|refused|not (allowed|accepted|valid|found|exist|verif)|does not (exist|resolve)|invalid|unknown|block|malformed)|domain of sender|invalid sender|unverified (sender|address)|unresolvable (address|sender)|bad sender|(verify|verification|validate) (\w+ ){0,2}(sender|return)|(sender|callback) (address )?(verif|valid)|purported responsible|can.?not (verify|resolve) (the )?(sender|your)|domain of the sender",
    ),
    (
        "relaying denied",
        r"rela(y|ying)\b (\w+ ){0,3}(denied|not|prohibit|reject|refus)|(unable|not (able|allowed|permitted)|do(es)? ?n[o']t|won.t|no|cannot) (to |an )?(\w+ )?relay|not (an )?open relay|not a gateway|insecure mail relay|(authentication|smtp auth)\w* (is )?required|must (authenticate|be authenticated)|smtp authentication|authrequired|that domain isn.t in my list|we do not relay|not local\b.{0,40}(gateway|relay)|access denied\W*$|\.\.\. access denied",
    ),
    (
        DISABLED,
        r"(account|mail ?box|user|address|recipient|mailbox for|e-?mail)\S* (\S+@\S+ |that you tried to reach |has been |is |was |been |temporarily |temporary |currently |now )*(disabled|suspend|de-?activated|in-?active|frozen|locked|closed|expired|on hold|blocked|terminated|cancell?ed|over .{0,10}inactiv|under maintenance)|(disabled|suspended|inactive|deactivated|locked|frozen|closed) (recipient|user|account|mail ?box|e?mail|address)|disableduser|inactiv\w+ (user|account|mail|recipient)|(temporar\w+|not) (\w+ )?(locked|active\b)|not (currently )?(accepting|receiving) (any )?(mail|message)|disabled due to|mailbox temporar\w+ disabled|account .{0,20}not active|has been suspended|sleeping account|未使用",
    ),
    (
        NO_MAIL,
        r"does ?n[o']t (accept|receive) (any )?(mail|e-?mail|smtp)|null ?mx|indicated no smtp service|domain (accepts|takes) no mail|no smtp service|(host|server|domain|machine) (does not|never) (accept|receive)s? mail|smtp protocol returned a permanent error|no longer accepts? mail|malformed or unexpected name server reply|mail receiving disabled",
    ),
    (
        NO_DOMAIN,
        r"(host|domain|mx|server)\S* (or domain )?(name )?(\S+ )?(is )?(not found|unknown|could ?n.?[o']?t be (found|resolved)|does ?n[o']t exist|not exist|invalid|illegal|unrout)|(unknown|unrouteable|unroutable|invalid|no such|non-?existent|bad|illegal) (mail )?(host|domain|destination|mx|server)|host (name )?lookup did not complete.{0,5}not found|nxdomain|no (valid )?(mx|dns|a) (record|host|entr)|all relevant mx records point to non-?existent|name service error.{0,60}(host not found|not found)|couldn.t find any host|can.?not find (the |a |any )?(host|domain|mx|mail ?server|server)|unrouteable address|(address|recipient) .{0,40}unrout|bad destination (host|system)|domain .{0,40}(does not|doesn.t) exist|no address associated|domain (is )?not (registered|valid)|host not found|name or service not known|mail exchanger .{0,20}not found|domain name not found",
    ),
    (
        MOVED,
        r"(user|recipient|account|he|she|address|mailbox|who)\S* (\S+ )?(has |have )?(been )?moved|replaced by <?\S*@?|moved (to|permanently|elsewhere)|no longer (on|with|at|works?|employed|valid|available|in use|uses?|here|an? (employee|member))|not our (user|customer)|address (has )?changed|please (use|try|forward to) <?\S+@|user not local|has left (the|our|this)|new address",
    ),
    (
        NO_MAILBOX,
        r"(user|account|mail ?box|recipient|address|e-?mail|userid|login|alias|name|mail drop|subscriber|client)\S*:? (\S+@\S+ |id |name |address |account |is |was |that you tried to reach |you .{0,30} |\S+ )?(is |was |are )?(unknown|not (be )?(found|exist|known|listed|registered|valid|recogni[sz]ed|available|here|local|a valid|delivered|present|present in|on this)|un-?available|invalid|does ?n.?[o']?t (exist|live|have)|do not exist|did not (exist|match)|doesn.t (exist|have)|could ?n.?[o']?t be found|rejected\W*$|not our|nonexist|non-exist|undeliverable|isn.t (here|known|valid|a)|has no)"
        r"|(unknown|no such|invalid|not a valid|bad|non-?existent|undefined|unresolvable|nonexistent|illegal|not existing|ambiguous|unrecogni[sz]ed) (\w+ )?(local[- ]?part|user|account|mail ?box|recipient|address|e-?mail|person|virtual user|destination (user|mailbox|address)|final delivery|name|alias|mail ?drop|subscriber|host/domain|to address|rcpt|receiver|id\b|local)"
        r"|no (such )?(mail ?box|user|account|recipient|person|one|valid recipient|local mailbox|matches to nameserver)\b.{0,30}(here|by that|with that|of that|found|exist|named|called|known|\W*$)|(unknown|invalid|no such)[- ]?(user|recipient|mailbox)|userunknown|recipnotfound|recipientnotfound|recipient not found|not listed in|not a (known|valid|registered|local) (user|recipient|mail|account|address|customer|member)|(does ?n[o']t|do not) have (an? )?(\S+ )?account|(is|was|are) not (a )?(local|known|listed|valid|recogni[sz]ed|registered)|not known (here|at this)|who are you|unknown (local|or illegal|address|to)|can.t (find|open) (\w+ )?(mail ?box|user)|we do(n.t| not) (have|know)|mail ?box unavailable|(delivery|mail) to .{0,60}(does not|doesn.t) exist|couldn.t be found at|(can ?not|could not) (be )?(find|found|locate|resolve)\w* (the |your |any )?(user|recipient|mailbox|address|directory)|not found (in|on|by) |not exist|user.{0,60}(name|account).{0,12}unknown|5\.1\.1|not in (the |our )?(address|user|directory|lookup|recipient)|unable to (find|locate|validate) (the |this )?(recipient|user|mailbox)|recipient address rejected|addressee unknown|adresse .{0,40}(invalide|inconnu)|utilisateur .{0,20}inconnu|(benutzer|empf[aä]nger|postfach).{0,30}(unbekannt|existiert nicht|nicht)|usuario .{0,20}(desconocido|no existe)|(destinat[aá]ri[oa]|indirizzo|utente|casella|usu[aá]rio|endere[cç]o|cuenta|direcci[oó]n)\b.{0,30}(inesist|inexist|non (esiste|trovat)|n[aã]o (existe|encontrad)|no (existe|encontrad)|sconosciut|desconhecid|desconocid)|does not exist|doesn.t exist|no existe|check (if |that |the )*(e-?mail )?address( is correct)?|couldn.t be delivered to .{0,60}because .{0,40}found|isn.t a valid|unknown or invalid|メールアドレスが見つか|リストにありません",
    ),
    (
        "expired",
        r"(message|mail|delivery|retry|queue)\S* (\w+ ){0,4}(expired|time ?-?d? ?out|too long|timeout)|(delivery|retry) (time|attempts?) (\w+ )?(expired|exceeded)|in (the )?queue (for )?too long|(unable|failed|not able) to (deliver|be delivered) (\w+ ){0,3}(in|within|for|after) .{0,20}(minute|hour|day|attempt)|cannot send (it|message) (for|within)|could not be delivered (for|within)|has been (delayed|deferred)|will (be|keep) (re)?tr(y|ied)|not been delivered (yet|to)|connection (timed out|was dropped)|timed? ?-?out|delivery failed \d+ attempts|retry timeout|delivery expired|still (being )?(undelivered|retried)|undelivered for|not yet been delivered",
    ),
    (
        "network",
        r"(no|could not find a|cannot find) route to|network (is )?(unreachable|error)|connect(ion)? (was )?(refused|failed|reset|closed|lost|broken|aborted)|(hop|loop)(s| count|back)|mail.{0,10}loop|routing loop|wasn.t able to (establish|connect)|(unable|failed|not able) to (connect|establish)|unreachable|not reachable|host (is )?(down|unreachable)|socket error|could not connect|dns (error|query|lookup|server|problem|failure)|name ?server|temporar\w+ (lookup|dns) (failure|error)|server (is )?(down|not responding|unavailable)|did not accept our requests to connect|tls|ssl|starttls|communication (error|failure)|i/o error|lost connection",
    ),
    (
        "system",
        r"(service|system|server|resource)s? (is |are )?(\w+ )?(un-?available|busy|not available|error|problem|shut|insufficient|down|storage)|try (again )?later|temporar(y|ily)|local (error|configuration)|(internal|software|mailer|config\w*|system|processing|i/o|disk|filesystem) (error|failure|problem)|out of (memory|resource)|insufficient (system|disk)|disk space|process(ed|ing)? fail|command (died|failed|output)|exit(ed)? (status|code)|unix; \d+|pipe to|can.?not (open|create|append|write)|permission denied|could not load|error (in|while) process|service refus|grey ?list|deferred",
    ),
)
_MEANINGS = tuple((meaning, re.compile(words, re.IGNORECASE)) for meaning, words in _WORDS)

# RFC 3463 and its registry: the class (4 or 5) apart, which says only whether the server tries again.
_STATUS = {
    "1.0": NO_MAILBOX, "1.1": NO_MAILBOX, "1.2": NO_DOMAIN, "1.3": NO_MAILBOX, "1.4": NO_MAILBOX, "1.6": MOVED,
    "1.7": "sender refused", "1.8": "sender refused", "1.10": NO_MAIL, "2.0": FILTERED, "2.1": DISABLED, "2.2": FULL,
    "2.3": "too large", "3.1": "system", "3.2": "system", "3.4": "too large", "4.1": "network", "4.2": "network",
    "4.3": "network", "4.4": NO_DOMAIN, "4.5": "system", "4.6": "network", "4.7": "expired", "7.27": NO_MAIL,
}  # fmt: skip
_SUBJECTS = {"2": UNSAID, "3": "system", "4": "network", "5": UNSAID, "6": "content", "7": "content"}
_REPLIES = {"421": "system", "450": "system", "451": "system", "452": FULL, "552": FULL}


@lru_cache(maxsize=16)  # the words of a report are asked for each reader in it
def meaning_of_words(text: str) -> str:
    """What a server's answer means: a key of SENTENCES, UNSAID when its words say nothing known."""
    flat = " ".join(text[:4000].split())
    return next((meaning for meaning, words in _MEANINGS if words.search(flat)), UNSAID)


def meaning_of_codes(status: str, reply: str) -> str:
    """What an enhanced status ("5.1.1" or "") and a reply code ("550" or "") mean by themselves."""
    if reply in ("521", "556"):  # RFC 7504: this host, this domain takes no mail at all
        return NO_MAIL
    _, _, detail = status.partition(".")
    subject = detail.partition(".")[0]
    by_status = _STATUS.get(detail) or _SUBJECTS.get(subject, UNSAID)
    return by_status if by_status != UNSAID else _REPLIES.get(reply, UNSAID)
