// Web pages sent as attachments: they work without any link for a filter to look at.

rule page_builds_download {
  meta:
    threat = "Malware"
    words = "the page puts a file together in the browser and has it saved, past any filter on the way (HTML smuggling)"
    points = 6
  strings:
    $page = /<(html|script|svg|body)/ nocase
    $blob = "new Blob" nocase
    $link = "createObjectURL" nocase
    $old = "msSaveOrOpenBlob" nocase
    $save = /\.download\s*=/ nocase
    $click = ".click(" nocase
    $data = /["'`][A-Za-z0-9+\/]{400}/
  condition:
    filesize < 16MB and $page and $data and (($blob and $link and $save and $click) or $old)
}

rule page_sends_to_chat_bot {
  meta:
    threat = "Phish"
    words = "the page sends what is typed into it to a chat bot"
    points = 8
  strings:
    $password = /type\s*=\s*\\?["']?password/ nocase
    $telegram = /api\.telegram\.org\/bot\d{6,12}:/ nocase
    $discord = /discord(app)?\.com\/api\/webhooks\/\d{10}/ nocase
  condition:
    filesize < 16MB and $password and any of ($telegram, $discord)
}

rule page_decodes_login {
  meta:
    threat = "Phish"
    words = "the page hides its whole content in an encoded string and writes it when opened"
    points = 5
  strings:
    $page = /<(html|script|body)/ nocase
    $write = /document\s*\.\s*write(ln)?\s*\(\s*(unescape|atob|decodeURIComponent)\s*\(/ nocase
    $escaped = /(%[0-9a-f]{2}){100}/ nocase
    $encoded = /["'`][A-Za-z0-9+\/]{400}/
  condition:
    filesize < 16MB and $page and $write and any of ($escaped, $encoded)
}
