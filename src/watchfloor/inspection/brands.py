"""Brands that strangers pose as: the words of their names and the registrable domains that are truly theirs."""

import re

_TABLE = """
Microsoft|microsoft,office 365,office365,microsoft 365,outlook team,onedrive,sharepoint,azure|microsoft.com,office.com,outlook.com,live.com,microsoftonline.com,hotmail.com,sharepoint.com,onmicrosoft.com,windows.com,microsoft365.com,linkedin.com,github.com
PayPal|paypal|paypal.com,paypal.de,paypal.co.uk,paypal.fr,paypal-communication.com,paypalobjects.com
Amazon|amazon,amazon prime|amazon.com,amazon.de,amazon.co.uk,amazon.fr,amazon.es,amazon.it,amazon.co.jp,amazon.ca,amazon.nl,amazon.com.br,amazonses.com,amazonaws.com,primevideo.com,audible.com,aboutamazon.com
Apple|apple id,apple support,apple inc,icloud,itunes,app store|apple.com,icloud.com,me.com,mac.com,itunes.com
Google|google,gmail team,google drive,google workspace|google.com,gmail.com,googlemail.com,youtube.com,googlegroups.com,google.de,google.co.uk,goo.gl
Netflix|netflix|netflix.com,netflixstudios.com
Facebook|facebook,meta business,meta support|facebook.com,facebookmail.com,meta.com,fb.com,instagram.com,metamail.com,workplace.com
Instagram|instagram|instagram.com,facebookmail.com,facebook.com,meta.com
WhatsApp|whatsapp|whatsapp.com,facebookmail.com,meta.com
LinkedIn|linkedin|linkedin.com
DHL|dhl|dhl.com,dhl.de,dhl.fr,dhl.co.uk,dhl.nl,dpdhl.com,deutschepost.de,dhlecommerce.com
FedEx|fedex|fedex.com
UPS|ups delivery,united parcel service,ups express,ups my choice|ups.com
USPS|usps|usps.com,usps.gov
DPD|dpd|dpd.de,dpd.com,dpd.co.uk,dpd.fr,dpd.nl
GLS|gls paket|gls-group.eu,gls-group.com
Royal Mail|royal mail|royalmail.com
Hermes|myhermes,evri|myhermes.de,hermesworld.com,evri.com
Sparkasse|sparkasse|sparkasse.de,sparkassen.de
Volksbank|volksbank,volksbanken|volksbank.de,vr.de,atruvia.de
Commerzbank|commerzbank|commerzbank.de,commerzbank.com
Deutsche Bank|deutsche bank|deutsche-bank.de,db.com
Postbank|postbank|postbank.de
Santander|santander|santander.com,santander.co.uk,santander.com.br,santander.de,bancosantander.es
Bradesco|bradesco|bradesco.com.br
Itau|itau|itau.com.br,itau-unibanco.com.br
Caixa|caixa economica|caixa.gov.br
Banco do Brasil|banco do brasil|bb.com.br
Livelo|livelo|livelo.com.br
BBVA|bbva|bbva.com,bbva.es
Wells Fargo|wells fargo,wellsfargo|wellsfargo.com
Bank of America|bank of america|bankofamerica.com,bofa.com
Chase|chase bank,jpmorgan|chase.com,jpmorgan.com,jpmchase.com
Citibank|citibank|citi.com,citibank.com
HSBC|hsbc|hsbc.com,hsbc.co.uk
Barclays|barclays|barclays.com,barclays.co.uk
ING|ing bank,ing-diba|ing.com,ing.de,ing.nl
Rabobank|rabobank|rabobank.nl,rabobank.com
ABN AMRO|abn amro|abnamro.com,abnamro.nl
American Express|american express,amex|americanexpress.com,aexp.com
Visa|visa card,visa inc|visa.com
Mastercard|mastercard|mastercard.com
Coinbase|coinbase|coinbase.com
Binance|binance|binance.com
MetaMask|metamask|metamask.io,consensys.io,consensys.net
Trust Wallet|trust wallet,trustwallet|trustwallet.com
Ledger|ledger live,ledger wallet|ledger.com,ledger.fr
Trezor|trezor|trezor.io,satoshilabs.com
Blockchain|blockchain wallet,blockchain.com|blockchain.com
Kraken|kraken|kraken.com
Crypto.com|crypto.com|crypto.com
OpenSea|opensea|opensea.io
DocuSign|docusign|docusign.com,docusign.net
Dropbox|dropbox|dropbox.com,dropboxmail.com
Adobe|adobe|adobe.com
WeTransfer|wetransfer|wetransfer.com
Zoom|zoom meeting,zoom video|zoom.us,zoom.com
McAfee|mcafee|mcafee.com
Norton|norton antivirus,norton lifelock,norton security,norton 360|norton.com,nortonlifelock.com,gendigital.com
GoDaddy|godaddy|godaddy.com,secureserver.net
Ionos|ionos,1&1|ionos.de,ionos.com,1und1.de
Strato|strato|strato.de
Telekom|telekom,t-online|telekom.de,t-online.de,telekom.com
Vodafone|vodafone|vodafone.de,vodafone.com,vodafone.co.uk
O2|o2 rechnung|o2online.de,telefonica.de,o2.co.uk
Orange|orange telecom|orange.fr,orange.com
Spotify|spotify|spotify.com
Disney+|disney plus,disney+|disneyplus.com,disney.com
Hulu|hulu|hulu.com,hulumail.com
eBay|ebay|ebay.com,ebay.de,ebay.co.uk
Walmart|walmart|walmart.com
Costco|costco|costco.com
Home Depot|home depot|homedepot.com
Lowe's|lowe's|lowes.com
Lidl|lidl|lidl.de,lidl.com
Aldi|aldi|aldi.de,aldi-sued.de,aldi.com,aldi.us
IRS|internal revenue service|irs.gov
HMRC|hmrc|hmrc.gov.uk
Elster|elster finanzamt,bundeszentralamt|elster.de,bzst.de
Ameli|ameli,assurance maladie|ameli.fr
Impots|impots.gouv|impots.gouv.fr,dgfip.finances.gouv.fr
Receita Federal|receita federal|fazenda.gov.br
Ticketmaster|ticketmaster|ticketmaster.com
Booking.com|booking.com|booking.com
Airbnb|airbnb|airbnb.com
Steam|steam support,steam guard|steampowered.com
Roblox|roblox|roblox.com
TikTok|tiktok|tiktok.com
Xfinity|xfinity,comcast|xfinity.com,comcast.com,comcast.net
AT&T|at&t|att.com,att.net
Verizon|verizon|verizon.com,verizonwireless.com
Geek Squad|geek squad|bestbuy.com,geeksquad.com
"""


def _rows() -> tuple[tuple[str, tuple[str, ...], frozenset[str]], ...]:
    rows = []
    for line in _TABLE.strip().splitlines():
        name, words, domains = line.split("|")
        rows.append((name, tuple(words.split(",")), frozenset(domains.split(","))))
    return tuple(rows)


_ROWS = _rows()
_DOMAINS = {name: domains for name, _, domains in _ROWS}
_BY_WORD = {word: name for name, words, _ in _ROWS for word in words}
_ANY = re.compile(
    r"(?<![\w.@-])(" + "|".join(re.escape(word) for word in sorted(_BY_WORD, key=len, reverse=True)) + r")(?![\w@-])"
)
# One-word names long enough that a host holding them means them.
_IN_HOST = {word: name for word, name in _BY_WORD.items() if len(word) >= 6 and word.isalpha()}
_ANY_IN_HOST = re.compile("|".join(sorted(_IN_HOST, key=len, reverse=True)))
_ALL_DOMAINS = {domain: name for name, _, domains in _ROWS for domain in domains}


def brand_named(folded: str) -> str:
    """The first brand named in folded text, "" when none is."""
    found = _ANY.search(folded)
    return _BY_WORD[found[1]] if found else ""


def belongs(domain: str, brand: str) -> bool:
    """Whether a registrable domain is the brand's; its own name as a whole label under a national ending counts too."""
    return domain in _DOMAINS[brand]


def brand_in_host(host: str, domain: str) -> str:
    """The brand whose name stands in a host that is not the brand's, "" when there is none."""
    if domain in _ALL_DOMAINS:
        return ""
    found = _ANY_IN_HOST.search(host)
    return _IN_HOST[found[0]] if found and not belongs(domain, _IN_HOST[found[0]]) else ""


def owner(domain: str) -> str:
    """The brand that a registrable domain belongs to, "" when none of the table's."""
    return _ALL_DOMAINS.get(domain, "")
