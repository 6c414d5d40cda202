"""Word families of unwanted mail, in the languages it is written in.

Latin words stand without accents: texts are folded before they are searched (see `folding.fold`).
"""

import re

from watchfloor.inspection.folding import fold

_FAMILIES = {
    "credential_words": """
        (?:verify|confirm|update|validate|restore|secure|unlock|reactivate|review) (?:your |the )?(?:\\w+ )?(?:account|identity|password|information|details|billing|mailbox|email|wallet|payment|device)
        your (?:\\w+ )?(?:account|mailbox|password|wallet|apple id|profile) (?:has been|was|is|will be|have been) (?:\\w+ )?(?:limited|suspended|locked|restricted|disabled|blocked|deactivated|compromised|expire[sd]?|closed|on hold|terminated)
        (?:unusual|suspicious|unauthori[sz]ed|new) (?:sign.?in|log.?in|activity|access|transaction|device)
        password (?:expires?|expir(?:ing|ed|ation)|will expire|reset required)
        (?:sign|log) ?in (?:to|with) (?:your|continue|verify|view|keep)
        (?:keep|retain) (?:your )?(?:same|current) password
        mailbox (?:is )?(?:almost )?(?:full|storage|quota)
        (?:storage|quota) (?:limit|is full|exceeded|almost full)
        konto (?:wurde|wird|ist|muss) (?:\\w+ )?(?:gesperrt|eingeschrankt|gesch?lossen|deaktiviert|verifiziert|bestatigt)
        (?:bestatigen|verifizieren|aktualisieren|uberprufen) sie (?:bitte )?(?:ihre?n?|das|die)
        (?:verdachtige|ungewohnliche) (?:anmeldung|aktivitat|transaktion)
        passwort (?:lauft|abgelaufen|bestatigen)
        (?:verifiez|confirmez|mettre a jour|mettez a jour|validez|actualisez) (?:votre|vos)
        votre compte (?:a ete|est|sera) (?:\\w+ )?(?:suspendu|bloque|limite|desactive|restreint)
        (?:verifique|confirme|actualice|actualizar|atualize|confirmar|valide) (?:su|seu|sua|sus|seus|tu)
        (?:su|tu) cuenta (?:ha sido|esta|sera|fue) (?:\\w+ )?(?:suspendida|bloqueada|limitada|desactivada)
        sua conta (?:foi|esta|sera) (?:\\w+ )?(?:suspensa|bloqueada|limitada|desativada)
        (?:verifichi|verifica|conferma|confermi|aggiorna|aggiorni) (?:il|i|la|le) (?:tuo|suo|tua|sua|tuoi|suoi|account|dati)
        (?:verifieer|bevestig|controleer) (?:uw|je) (?:account|gegevens|identiteit|rekening)
        (?:bekraft|verifiera) ditt konto
        (?:acesso|login|compra|atividade) (?:a sua conta|suspeit[oa]|nao reconhecid[oa])|(?:bloqueamos|suspendemos|regularize|regularizar)|dispositivo (?:nao (?:autorizado|reconhecido)|novo)|novo dispositivo
        (?:compte|carte|dossier) (?:\\w+ )?(?:suspendu|bloque|incomplet|expire)|acces (?:suspect|non autorise)
        подтвердите (?:ваш|свою|свои|вашу)
        アカウント.{0,12}(?:停止|制限|確認|更新|ロック)
        (?:本人確認|お支払い方法|ご利用確認)
        验证您的|账户.{0,6}(?:冻结|异常)""",
    "urgency_words": """
        within (?:the next )?(?:24|48|72|12|\\d{1,2}) ?(?:hours?|hrs|h)\\b
        immediate(?:ly)? (?:action|attention|required|verif|respon)
        (?:action|attention|response) (?:is )?required
        urgent(?:ly)?\\b
        final (?:notice|warning|reminder)|last (?:warning|chance|reminder|notice)
        (?:will|to avoid) (?:be )?(?:permanent(?:ly)? )?(?:suspension|suspended|deletion|deleted|termination|terminated|deactivat\\w+|closure|closed)
        (?:expires?|ends?|ending) (?:today|tonight|soon|in \\d)
        act (?:now|fast|immediately)|don'?t (?:miss|delay|wait)
        dringend\\b|sofort(?:ige|iger)?\\b|umgehend|innerhalb von \\d+ (?:stunden|tagen)|letzte (?:mahnung|warnung|erinnerung|chance)
        urgente?\\b|immediatement|dans les \\d+ heures|dernier (?:rappel|avis|avertissement)|sous \\d+ ?h
        (?:dentro|antes) de (?:las )?\\d+ horas|ultimo aviso|ultima (?:oportunidad|chance)|em ate \\d+ horas|prazo|imediatamente
        entro \\d+ ore|ultimo avviso|immediatamente
        binnen \\d+ uur|laatste (?:herinnering|kans|waarschuwing)|onmiddellijk
        срочно|немедленно|至急|緊急|紧急|立即""",
    "prize_words": """
        congratulations|you(?:'ve| have)? (?:\\w+ )?(?:won|been (?:selected|chosen)|win)\\b
        (?:claim|collect|redeem|receive|get) (?:your |a |the )?(?:\\w+ )?(?:prize|reward|gift|bonus|voucher|cash|winnings)
        (?:exclusive|free|special) (?:\\w+ )?(?:reward|gift|prize|offer|bonus)|gift ?cards?\\b
        (?:answer|complete|take) (?:this|our|a|the) (?:\\w+ )?survey
        lottery|jackpot|winning number|lucky (?:winner|draw)
        gewinn(?:er|spiel|en)?\\b|herzlichen gluckwunsch|gutschein|sie wurden ausgewahlt|gratis
        felicitations|vous avez (?:gagne|ete selectionne)|gagnant|cadeau
        felicidades|ha(?:s)? (?:ganado|sido seleccionado)|premio|parabens|voce (?:ganhou|foi selecionado)|resgat\\w+|pontos
        congratulazioni|hai vinto|premio|gefeliciteerd|u (?:hebt|heeft) gewonnen|gewonnen|cadeau(?:bon|kaart)
        поздравля|выигра|выигрыш|当選|おめでとう|恭喜|中奖""",
    "advance_fee_words": """
        (?:next of kin|late (?:client|husband|father)|deceased|inheritance|beneficiary|unclaimed (?:fund|sum|asset))
        (?:million|thousand|m) (?:united states |us |u\\.s\\. )?(?:dollars|euros|usd|pounds)|(?:\\$|usd|eur|£|€) ?\\d{1,3}(?:[.,]\\d{1,3})* ?(?:million|m\\b)
        (?:compensation|fund|atm|bank) (?:transfer|payment|release|card|draft)|release of (?:your )?(?:fund|payment)
        (?:barrister|attorney) (?:at law|\\w+ \\w+)|diplomat(?:ic)? (?:agent|courier)|western union|moneygram
        confidential (?:business|transaction|proposal)|business proposal|mutual benefit|(?:god|lord) bless
        erbschaft|nachlass|millionen (?:euro|us-dollar)|spende von|heritage|millions? d'euros|don de|herencia|heranca|donation (?:of|sum|amount)
        your (?:help|assistance) (?:is )?need|(?:reply|get back to|contact) me (?:for|urgently|back)|i am (?:mr|mrs|ms|dr|barrister)\\b|emprestimo|charity|widow\\b|(?:cancer|dying|sick)\\b.{0,60}(?:money|fund|donate)|loan (?:offer|at \\d)|(?:offer|grant)(?:s|ing)? loans?""",
    "extortion_words": """
        (?:recorded|made a) (?:a )?(?:video|you)|your (?:web)?cam(?:era)?|masturbat|(?:adult|porn)\\w* (?:site|video|web)
        (?:i|we) (?:have )?(?:hacked|infected|got (?:full )?access|gained access|installed)|trojan|malware on your
        send (?:me )?(?:\\$|usd|eur|€)? ?\\d[\\d.,]* ?(?:\\$|usd|eur|dollars|euros)?.{0,40}(?:bitcoin|btc)|(?:my )?(?:bitcoin|btc) (?:wallet|address)
        hackeado|grabado|gehackt|aufgenommen|pirate|enregistre""",
    "crypto_words": """
        (?:seed|recovery|secret) phrase|wallet (?:connect|verification|validation|suspend|restrict|upgrade|sync)|(?:crypto|bitcoin|btc|ethereum|usdt|nft)\\b
        (?:xrp|xlm|bnb|dogecoin|ripple|solana|cardano|defi|uniswap|metaverse)\\b|(?:claim|withdraw|stake) (?:your|my|the) (?:\\w+ )?(?:tokens?|coins?|funds?|assets?|share|allocation)|tokens? (?:allocation|claim|presale|sale)|your (?:keys|wallet)
        airdrop|kyc (?:verification|update|process)|walletconnect|staking|krypto|criptomoeda|criptomonedas""",
    "adult_words": """
        casino|free spins?|freispiele|tours gratuits|giros gratis|slots?\\b|betting|poker|roulette|jackpot
        dating|hookup|hot (?:girls|women|singles)|singles? (?:in|near)|sexy|horny|fuck|milf|nude|erotic|xxx\\b|lonely (?:wives|women)
        treffen? frauen|sie sucht|einsame|rencontres?|celibataires|conocer (?:chicas|mujeres)|solteras|kasino|geile?\\b|знакомств""",
    "health_words": """
        viagra|cialis|erect(?:ion|ile)|penis|enlarg(?:e|ement)|weight loss|lose (?:weight|\\d+ (?:pounds|lbs|kg))|keto\\b|belly fat|slim(?:ming)?\\b
        blood (?:sugar|pressure)|diabet|tinnitus|prostate|neuropathy|toenail|fungus|joint pain|cbd\\b|gummies|miracle|doctors? (?:hate|shock|stunn)|anti.?aging|wrinkle|testosterone|memory loss|pharmacy|pills?\\b|prescription
        abnehmen|potenz|diat\\b|maigrir|perdre du poids|adelgazar|emagrec""",
    "offer_words": """
        limited.time (?:offer|deal)|special (?:offer|promotion|deal)|\\d{2} ?% (?:off|discount|rabatt|de descuento|de reduction)|order now|buy now|shop now|click here|best price|money.?back|free (?:trial|quote|shipping|estimate)|no obligation|act now
        (?:auto|car|home|life|health) (?:insurance|warranty)|solar (?:panel|savings)|refinanc|mortgage|debt|lower your|save (?:up to|money|big|\\$)|(?:earn|make) (?:money|\\$|€|£|up to)|extra income|work from home|investment|financial freedom|get paid
        jetzt (?:kaufen|bestellen|sichern|anmelden|klicken)|nur heute|angebot|rabatt|profitez|offre|cliquez ici|oferta|haga clic|clique aqui|clicca qui|klik hier|klicken sie hier""",
    "parcel_words": """
        (?:your|the) (?:\\w+ )?(?:package|parcel|shipment|delivery|order) (?:\\w+ ){0,3}(?:could not|cannot|is (?:waiting|pending|on hold|ready)|has been (?:held|stopped|returned)|failed|awaits|waiting|pending|held)
        (?:delivery|shipping|customs|redelivery) (?:fee|charge|attempt|failed|duty|suspended)|reschedule (?:your )?delivery|unpaid (?:shipping|customs|postage)|missed (?:delivery|package)
        (?:ihr|dein|das) paket|sendung (?:\\w+ ){0,3}(?:zugestellt|angehalten|wartet|zoll)|zollgebuhr|lieferung (?:fehlgeschlagen|ausstehend)
        votre colis|frais de (?:livraison|douane|port)|su paquete|sua encomenda|seu pacote|taxa de|il (?:tuo|suo) pacco|uw pakket|bezorg""",
    "payment_words": """
        (?:tax|vat) (?:refund|return|rebate)|(?:refund|payment) (?:of|is|notification|pending|declined|failed|unsuccessful|on hold)|outstanding (?:balance|payment|invoice)|overdue
        (?:your|the) (?:subscription|membership|license|protection|antivirus|payment method|plan) (?:\\w+ ){0,3}(?:expire[sd]?|expiring|renew\\w*|ended|suspended|cancel\\w*|declined|failed)
        (?:auto.?renew|renewal)|charged? (?:\\$|usd|€|eur|£)|(?:update|verify) (?:your )?(?:payment|billing)|invoice (?:attached|is|number|#)
        steuer(?:erstattung|ruckzahlung)|ruckerstattung|rechnung (?:offen|uberfallig)|zahlung (?:fehlgeschlagen|abgelehnt|offen)|abo(?:nnement)? (?:lauft|abgelaufen|verlangern|gekundigt)
        remboursement|impayee?|paiement (?:refuse|echoue)|reembolso|pago (?:rechazado|pendiente)|pagamento (?:recusado|pendente)|rimborso|terugbetaling|betaling (?:mislukt|geweigerd)|boleto|nota fiscal|fatura|divida|debito|limite (?:disponivel|aprovado)|cpf\\b|irregular|restituicao|multa|intimacao|pendencia""",
    "gift_card_words": """
        (?:buy|purchase|get|pick up) (?:some |me |a few |several )?(?:\\w+ )?(?:gift ?cards?|itunes cards?|google play cards?|steam cards?)|send (?:me )?(?:the )?(?:codes|pictures of the)""",
    "errand_words": """
        (?:are you|r u) (?:available|at your desk|free|in the office|around)|quick (?:task|favou?r|request|question)|(?:i'm|i am|am) in a meeting|(?:send|give) me your (?:cell|mobile|phone|whatsapp|personal)|(?:need|want) you to (?:handle|do|run|take care|get)|kindly (?:reply|respond|get back|confirm)|at your earliest
        (?:change|update) (?:my|the|our) (?:direct deposit|bank|payroll|account) (?:details|information|account)|new bank (?:details|account)|wire (?:transfer|payment)|(?:process|make) (?:a|the|this) (?:payment|wire|transfer)
        sind sie (?:im buro|verfugbar|erreichbar)|kurze (?:aufgabe|frage)|uberweisung (?:tatigen|ausfuhren|vornehmen)|neue bankverbindung|virement (?:urgent|bancaire)""",
    "generic_greeting": """
        (?:dear|hello|hi|attention|attn:?|greetings),? (?:valued |esteemed |our |beloved )?(?:customer|user|client|member|sir|madam|friend|account (?:holder|owner|user)|costumer|winner|beneficiary|e?.?mail (?:user|owner)|subscriber|beloved|recipient|webmail|taxpayer|shopper)
        (?:sehr geehrter?|lieber?|hallo|guten tag) (?:kunden?|kundin|kunde|nutzer|mitglied|sparkassen|amazon|paypal|damen und herren kunden)|cher(?:e)?(?:\\(e\\))? (?:client|utilisateur|abonne|membre)|estimado(?:\\(a\\)|a|/a)? (?:cliente|usuario)|(?:prezado|caro|ola|estimado)(?:\\(a\\)|a)? (?:cliente|usuario)|gentile (?:cliente|utente)|(?:geachte|beste) (?:klant|gebruiker|relatie|heer/mevrouw)|уважаемый (?:клиент|пользователь)|お客様各位|尊敬的(?:用户|客户)""",
    "archive_password": """
        (?:password|passwort|kennwort|mot de passe|contrasena|senha|passcode|pass|pwd|pin)(?: (?:is|for|to|ist|lautet|est|es|zum|fur|of)\\b[^\\n:]{0,30})?\\s*[:=]?\\s*[\\w!@#$%-]{3,20}""",
    "unsubscribe_words": """
        unsubscribe|opt.?out|abmelden|abbestellen|desabonner|desinscri|darse de baja|cancelar (?:a )?(?:suscripcion|inscricao)|descadastr|disiscri|uitschrijven|afmelden|отписаться|配信停止|退订|email preferences|manage (?:your )?(?:preferences|subscription)""",
}


def _compiled() -> dict[str, re.Pattern[str]]:
    patterns = {}
    for family, lines in _FAMILIES.items():
        parts = [fold(line.strip()) for line in lines.strip().splitlines()]
        patterns[family] = re.compile(r"(?<![a-z])(?:" + "|".join(parts) + ")")
    return patterns


PATTERNS = _compiled()


def said(family: str, folded: str) -> str:
    """The first words of the family in a folded text, "" when none stand there."""
    found = PATTERNS[family].search(folded)
    return found[0] if found else ""


def spoken(family: str, folded: str, most: int = 6) -> list[str]:
    """The distinct words of the family in a folded text, at most `most`."""
    found: dict[str, None] = {}
    for match in PATTERNS[family].finditer(folded):
        found[match[0]] = None
        if len(found) >= most:
            break
    return list(found)
