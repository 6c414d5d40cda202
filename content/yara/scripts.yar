// Scripts that fetch and start something else.

rule script_downloads_and_runs {
  meta:
    threat = "Malware"
    words = "the script downloads a file and starts it"
    points = 7
  strings:
    $http1 = "MSXML2.XMLHTTP" nocase
    $http2 = "WinHttp.WinHttpRequest" nocase
    $http3 = "Net.WebClient" nocase
    $http4 = "Invoke-WebRequest" nocase
    $save1 = "ADODB.Stream" nocase
    $save2 = "DownloadFile" nocase
    $save3 = "DownloadString" nocase
    $save4 = "-OutFile" nocase
    $run1 = "WScript.Shell" nocase
    $run2 = "Start-Process" nocase
    $run3 = "Invoke-Expression" nocase
    $run4 = /\bIEX\b/ nocase
    $run5 = "ShellExecute" nocase
  condition:
    filesize < 4MB and any of ($http*) and any of ($save*) and any of ($run*)
}

rule powershell_hides_command {
  meta:
    threat = "Malware"
    words = "PowerShell is started without a window and with its command encoded"
    points = 6
  strings:
    $shell = "powershell" nocase ascii wide
    $hidden = /-w(i(n(d(o(w(s(t(y(l(e)?)?)?)?)?)?)?)?)?)?\s+h(id(den)?)?\b/ nocase ascii wide
    $encoded = /-e(nc(odedcommand)?)?\s+[A-Za-z0-9+\/=]{40}/ nocase ascii wide
  condition:
    filesize < 4MB and $shell and $hidden and $encoded
}
