// Documents and shortcuts that start something by being opened.

rule pdf_starts_program {
  meta:
    threat = "Malware"
    words = "the PDF starts a program or opens a remote file when it is opened"
    points = 6
  strings:
    $open = "/OpenAction"
    $page = "/AA"
    $launch = /\/S\s*\/Launch/
    $remote = /\/S\s*\/GoToE/
  condition:
    uint32be(0) == 0x25504446 and any of ($open, $page) and any of ($launch, $remote)
}

rule pdf_script_on_open {
  meta:
    threat = "Malware"
    words = "the PDF runs a script when it is opened"
    points = 3
  strings:
    $open = /\/OpenAction\s*(<<|\d+\s+\d+\s+R)/
    $script = /\/S\s*\/JavaScript/
    $code = /\/JS\s*[(<\d]/
  condition:
    uint32be(0) == 0x25504446 and $open and $script and $code
}

rule rtf_equation_object {
  meta:
    threat = "Malware"
    words = "the RTF holds an Equation Editor object, the way old Office versions are broken into (CVE-2017-11882)"
    points = 8
  strings:
    $rtf = "{\\rt" nocase
    $object = "\\objdata" nocase
    $name = "4571756174696f6e2e33" nocase
    $class = "02ce020000000000c000000000000046" nocase
  condition:
    $rtf at 0 and $object and any of ($name, $class)
}

rule shortcut_runs_interpreter {
  meta:
    threat = "Malware"
    words = "the Windows shortcut starts a script interpreter"
    points = 8
  strings:
    $powershell = "powershell" nocase ascii wide
    $mshta = "mshta" nocase ascii wide
    $wscript = "wscript" nocase ascii wide
    $regsvr = "regsvr32" nocase ascii wide
    $rundll = "rundll32" nocase ascii wide
    $command = /cmd(\.exe)?\s+\/[ck]/ nocase ascii wide
  condition:
    uint32(0) == 0x0000004c and uint32(4) == 0x00021401 and any of them
}

rule onenote_holds_program {
  meta:
    threat = "Malware"
    words = "the OneNote page holds a script or program for its reader to click on"
    points = 6
  strings:
    $page = { E4 52 5C 7B 8C D8 A7 4D AE B1 53 78 D0 29 96 D3 }
    $file = { E7 16 E3 BD 65 26 11 45 A4 C4 8D 4D 0B 7A 9E AC }
    $script = /(WScript\.Shell|powershell|<script|CreateObject\()/ nocase ascii wide
    $program = "This program cannot be run in DOS mode"
  condition:
    $page at 0 and $file and any of ($script, $program)
}
