"""Kinds of domains that unwanted mail likes: free mailboxes, shorteners, free hosting, cheap endings, picture hosts."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PICTURE_HOSTS = _set("""
    casimages.com freeimage.host gyazo.com hostingpics.net ibb.co imageshack.us imagevenue.com imgbb.com imgur.com
    lensdump.com noelshack.com photobucket.com pixhost.to postimages.org postimg.cc prnt.sc tinypic.com
    zupimages.net
""")
FREE_MAIL = _set("""
    126.com 163.com aol.com bk.ru bol.com.br daum.net foxmail.com free.fr freenet.de gmail.com gmx.at gmx.com gmx.de
    gmx.net googlemail.com hotmail.co.uk hotmail.com hotmail.fr icloud.com inbox.ru laposte.net libero.it list.ru
    live.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com proton.me protonmail.com qq.com
    rediffmail.com seznam.cz t-online.de tutanota.com uol.com.br wanadoo.fr web.de yahoo.co.uk yahoo.com yahoo.de
    yahoo.fr yandex.com yandex.ru ymail.com zoho.com
""")
SHORTENERS = _set("""
    adf.ly bit.do bit.ly bl.ink buff.ly clck.ru cutt.ly did.li dub.sh encurtador.com.br goo.gl hyperurl.co is.gd
    kutt.it l.ead.me lihi.cc linktr.ee lnkd.in me2.do n9.cl ouo.io ow.ly qr.ae qrco.de rb.gy rebrand.ly reurl.cc
    s.id short.gy shorte.st shorturl.asia shorturl.at shrtco.de soo.gd surl.li t.co t.ly t2m.io tiny.cc tinyurl.com
    tinyurl.me tr.im u.to urlz.fr v.gd vk.cc x.co
""")
FREE_HOSTING = _set("""
    000webhostapp.com 1drv.ms appspot.com azureedge.net azurefd.net azurewebsites.net backblazeb2.com
    blob.core.windows.net blogspot.com canva.site carrd.co cloudflare-ipfs.com cloudfront.net digitaloceanspaces.com
    docs.google.com duckdns.org dweb.link firebaseapp.com fly.dev forms.gle framer.app gitbook.io github.io
    gitlab.io glitch.me godaddysites.com herokuapp.com ipfs.io jotform.com linodeobjects.com myshopify.com
    mystrikingly.com netlify.app ngrok-free.app ngrok.io notion.site ondigitalocean.app onrender.com pages.dev
    r2.dev repl.co replit.app s3.amazonaws.com script.google.com sharepoint.com sites.google.com square.site
    storage.googleapis.com strikingly.com surge.sh translate.goog trycloudflare.com typeform.com vercel.app web.app
    web.core.windows.net webflow.io webnode.page weebly.com weeblysite.com wixsite.com wordpress.com workers.dev
    yolasite.com
""")
RISKY_ENDINGS = _set("""
    agency autos beauty best bid boats bond buzz cam center cf cfd click club cn country cyou date digital download
    email fit fun ga gq hair homes host icu kim life link live loan lol makeup ml mom monster motorcycles mov online
    party pics press quest rest review ru sbs science shop site skin space store stream su tk today tokyo top uno
    vip website win work world xyz yachts zip
""")
