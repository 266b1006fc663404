<#
.SYNOPSIS
Tests Exchange once without anybody watching, and keeps the reports in a folder.

.DESCRIPTION
For scheduled tasks: Register-ExchangeControlScan makes one that runs this script. It collects the send connectors and accepted domains, tests
them, and writes a report in each format, with the time (UTC) in its name: ExchangeControl-2026-05-04T093000Z.html. Each file is written whole or
not at all. After all of them are there, the oldest reports beyond -Keep are removed; no other file in the folder is touched.

What happens is written to ExchangeControl.log in the folder, one line an event. While a scan runs it holds ExchangeControl.lock open, and a second
one in the same folder is not done.

Exchange is read by a remote session with -ConnectionUri, by the commands that this session has already, or else by the Exchange snap-in of Windows
PowerShell.

The exit code is 0 if nothing failed, 1 if a control failed, 2 if nothing failed but something is Unknown or was refused, 3 if the scan was not done.
Failures that are accepted risks do not count.

.PARAMETER OutputFolder
The folder for reports, log and lock. Required, and it must exist.

.PARAMETER Format
The formats of the reports, with commas between them: html,json if this is left out.

.PARAMETER ControlId
The ids of the controls to test with, with commas between them; * and ? stand for any characters.

.PARAMETER ControlPath
A folder with control files (*.json) of your own.

.PARAMETER Exception
The path of a file of accepted risks.

.PARAMETER Baseline
What to compare with: Latest is the newest earlier json report in the folder; anything else is the path of one.

.PARAMETER Keep
How many reports of each format to keep, at least 1.

.PARAMETER Proxy
The HTTP proxy to fetch policies through.

.PARAMETER DnsServer
The IP addresses of the DNS servers to ask in place of the system's, with commas between them.

.PARAMETER Timeout
How many seconds a policy may take to come, once connected.

.PARAMETER Offline
Asks nothing of the network but Exchange.

.PARAMETER ConnectionUri
The address of Exchange's remote PowerShell, as in http://mail.contoso.com/PowerShell/.

.PARAMETER Unexpected
Takes what is no parameter, so that it can be refused with exit code 3.

.EXAMPLE
powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File Invoke-ExchangeControlScan.ps1 -OutputFolder D:\Reports

Tests on an Exchange server, by the snap-in.

.EXAMPLE
.\Invoke-ExchangeControlScan.ps1 -OutputFolder D:\Reports -ConnectionUri http://mail.contoso.com/PowerShell/ -Baseline Latest -Keep 90

Tests by a remote session, compares with the scan before, and keeps 90 reports of each format.

.INPUTS
None.

.OUTPUTS
None. The reports are files.

.NOTES
Run it with -File: with -Command, Windows PowerShell folds the exit code to 0 or 1. An exit code of 1 without a line in the log means that
PowerShell could not start the script.

.LINK
Register-ExchangeControlScan
#>

#Requires -Version 5.1

# No parameter is mandatory or has a type that could refuse a value: what does not bind ends powershell.exe with 1, which here says that
# a control failed. So everything is looked at in the script, where it ends with 3.
[CmdletBinding(PositionalBinding = $false)]
param(
    [string] $OutputFolder = '',
    [string[]] $Format = @('html', 'json'),
    [string[]] $ControlId = @(),
    [string] $ControlPath = '',
    [string] $Exception = '',
    [string] $Baseline = '',
    [string] $Keep = '30',
    [string] $Proxy = '',
    [string[]] $DnsServer = @(),
    [string] $Timeout = '',
    [switch] $Offline,
    [string] $ConnectionUri = '',
    [Parameter(ValueFromRemainingArguments = $true)]
    [string[]] $Unexpected = @()
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# Bytes after which the log is put aside as ExchangeControl.log.1.
$logLimit = 1MB

function Get-UtcText {
    param([string] $Pattern)
    [datetime]::UtcNow.ToString($Pattern, [System.Globalization.CultureInfo]::InvariantCulture)
}

# One line an event, also where a message has several. Opened for each line, so that the log can be read and moved while a scan runs.
function Write-ScanLog {
    param([string] $Folder, [string] $Level, [string] $Message)
    $line = '{0} {1,-5} {2}' -f (Get-UtcText "yyyy-MM-dd'T'HH:mm:ss'Z'"), $Level, [regex]::Replace($Message, '\s+', ' ').Trim()
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($line + [Environment]::NewLine)
    $path = [System.IO.Path]::Combine($Folder, 'ExchangeControl.log')
    $stream = [System.IO.FileStream]::new($path, [System.IO.FileMode]::Append, [System.IO.FileAccess]::Write, [System.IO.FileShare]::ReadWrite)
    try { $stream.Write($bytes, 0, $bytes.Length) }
    finally { $stream.Dispose() }
}

function Limit-ScanLog {
    param([string] $Folder, [long] $Limit)
    $path = [System.IO.Path]::Combine($Folder, 'ExchangeControl.log')
    if (-not [System.IO.File]::Exists($path)) { return }
    if ([System.IO.FileInfo]::new($path).Length -lt $Limit) { return }
    [System.IO.File]::Delete("$path.1")
    [System.IO.File]::Move($path, "$path.1")
}

# The full path of the folder, which must be there.
function Resolve-ScanFolder {
    param([string] $Path)
    if ($Path -eq '') { throw '-OutputFolder is missing: name the folder for the reports.' }
    $found = @(Resolve-Path -LiteralPath $Path -ErrorAction Ignore)
    if (($found.Count -eq 0) -or (-not [System.IO.Directory]::Exists($found[0].ProviderPath))) {
        throw "-OutputFolder names no folder: '$Path'. Create it first."
    }
    $found[0].ProviderPath
}

# An open file that no second scan can open. It stays behind and is opened again; to remove it could let two scans in.
function Open-ScanLock {
    param([string] $Folder)
    $path = [System.IO.Path]::Combine($Folder, 'ExchangeControl.lock')
    try {
        [System.IO.FileStream]::new($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite, [System.IO.FileShare]::None)
    }
    catch {
        $cause = $_.Exception.GetBaseException()
        if (-not ($cause -is [System.IO.IOException])) { throw }
        throw "another scan is at work in this folder, as '$path' is held open: $($cause.Message) Wait for it, or use another folder."
    }
}

# Texts with commas, or several: -File hands a list over as one text.
function Split-ScanList {
    param([string[]] $Text)
    foreach ($item in $Text) {
        foreach ($part in ($item -split ',')) {
            if ($part.Trim() -ne '') { $part.Trim() }
        }
    }
}

# The reports of one format that this script wrote, newest first: the time in their names sorts.
function Get-ScanReport {
    param([string] $Folder, [string] $Extension)
    $pattern = '^ExchangeControl-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z' + [regex]::Escape($Extension) + '$'
    $names = @([System.IO.Directory]::GetFiles($Folder) | ForEach-Object { [System.IO.Path]::GetFileName($_) } | Where-Object { $_ -match $pattern })
    $names | Sort-Object -Descending | ForEach-Object { [System.IO.Path]::Combine($Folder, $_) }
}

# The time for the names of this scan's reports. A scan in the same second as the last one waits for the next.
function Get-ScanStamp {
    param([string] $Folder)
    while ($true) {
        $stamp = Get-UtcText "yyyy-MM-dd'T'HHmmss'Z'"
        if ([System.IO.Directory]::GetFiles($Folder, "ExchangeControl-$stamp.*").Length -eq 0) { return $stamp }
        Start-Sleep -Milliseconds 200
    }
}

# Makes the Exchange commands available; gives a session where they are elsewhere.
function Connect-ScanExchange {
    param([string] $ConnectionUri)
    if ($ConnectionUri -ne '') {
        return (New-PSSession -ConfigurationName 'Microsoft.Exchange' -ConnectionUri $ConnectionUri -Authentication Kerberos -ErrorAction Stop)
    }
    if ($null -ne (Get-Command -Name 'Get-SendConnector' -ErrorAction Ignore)) { return }
    if ($PSVersionTable.PSEdition -ne 'Desktop') {
        throw 'there are no Exchange commands here, and only Windows PowerShell has the Exchange snap-in. Name a server with -ConnectionUri.'
    }
    Add-PSSnapin -Name 'Microsoft.Exchange.Management.PowerShell.SnapIn' -ErrorAction Stop
}

function Get-ScanTarget {
    param([object] $Session)
    if ($null -ne $Session) {
        # Each script block is one command, which is all that such a session lets through.
        Invoke-Command -Session $Session -ScriptBlock { Get-SendConnector } -ErrorAction Stop
        Invoke-Command -Session $Session -ScriptBlock { Get-AcceptedDomain } -ErrorAction Stop
        return
    }
    Get-SendConnector -ErrorAction Stop
    Get-AcceptedDomain -ErrorAction Stop
}

# The parameters of Test-ExchangeControl.
function New-ScanTest {
    param([string[]] $ControlId, [string] $ControlPath, [string] $Exception, [string] $Proxy, [string[]] $DnsServer, [string] $Timeout, [bool] $Offline)
    $test = @{ Offline = $Offline }
    if ($ControlId.Length -gt 0) { $test['ControlId'] = $ControlId }
    if ($ControlPath -ne '') { $test['ControlPath'] = $ControlPath }
    if ($Exception -ne '') { $test['Exception'] = $Exception }
    if ($Proxy -ne '') { $test['Proxy'] = $Proxy }
    if ($DnsServer.Length -gt 0) { $test['DnsServer'] = $DnsServer }
    if ($Timeout -ne '') { $test['Timeout'] = [int] $Timeout }
    $test
}

# As the command exchange-control has it; an accepted risk does not count.
function Get-ScanExitCode {
    param([object[]] $Result, [object[]] $Refused)
    $open = @($Result | Where-Object { $null -eq $_.Exception } | ForEach-Object { $_.Status })
    if ($open -contains 'Fail') { return 1 }
    if (($open -contains 'Unknown') -or ($Refused.Length -gt 0)) { return 2 }
    0
}

$exitCode = 3
$folder = ''
$lock = $null
$session = $null
try {
    $folder = Resolve-ScanFolder $OutputFolder
    $strangers = @($Unexpected | Where-Object { $null -ne $_ })
    if ($strangers.Count -gt 0) { throw "there is no parameter for '$($strangers -join ' ')'. Lists have commas and no blanks between their parts." }
    $lock = Open-ScanLock $folder
    Limit-ScanLog -Folder $folder -Limit $logLimit
    Write-ScanLog -Folder $folder -Level 'INFO' -Message "started as $([Environment]::UserDomainName)\$([Environment]::UserName), process $PID"

    $kept = [int] $Keep
    if ($kept -lt 1) { throw "-Keep is at least 1, and not $Keep." }
    $module = Import-Module -Name ([System.IO.Path]::Combine((Split-Path -Path $PSScriptRoot -Parent), 'ExchangeControl.psd1')) -PassThru
    $extensions = & $module { $script:ReportExtension }
    $formats = @(Split-ScanList $Format | ForEach-Object { $_.ToLowerInvariant() } | Select-Object -Unique)
    foreach ($name in $formats) {
        if (-not $extensions.Contains($name)) { throw "-Format has no '$name'; there are $(@($extensions.Keys) -join ', ')." }
    }
    if ($formats.Count -eq 0) { throw '-Format names no format.' }

    $test = New-ScanTest -ControlId @(Split-ScanList $ControlId) -ControlPath $ControlPath -Exception $Exception -Proxy $Proxy -DnsServer @(
        Split-ScanList $DnsServer) -Timeout $Timeout -Offline $Offline.IsPresent
    if ($Baseline -eq 'Latest') {
        if ($formats -notcontains 'json') { throw '-Baseline Latest compares with the json report of the scan before: add json to -Format.' }
        $earlier = @(Get-ScanReport -Folder $folder -Extension $extensions['json'])
        if ($earlier.Count -gt 0) { $test['Baseline'] = $earlier[0] }
        else { Write-ScanLog -Folder $folder -Level 'INFO' -Message 'there is no earlier report to compare with yet' }
    }
    elseif ($Baseline -ne '') { $test['Baseline'] = $Baseline }
    if ($test.ContainsKey('Baseline')) { Write-ScanLog -Folder $folder -Level 'INFO' -Message "compares with $($test['Baseline'])" }

    $session = Connect-ScanExchange $ConnectionUri
    $targets = @(Get-ScanTarget $session)
    Write-ScanLog -Folder $folder -Level 'INFO' -Message "collected $($targets.Count) objects"
    # An organization has one accepted domain at least.
    if ($targets.Count -eq 0) { throw 'Exchange gave neither send connectors nor accepted domains. May this account read them?' }

    $problems = @()
    $warnings = @()
    $quietly = @{ ErrorVariable = 'problems'; ErrorAction = 'SilentlyContinue'; WarningVariable = 'warnings'; WarningAction = 'SilentlyContinue' }
    $results = @($targets | Test-ExchangeControl @test @quietly)
    foreach ($warning in @($warnings)) { Write-ScanLog -Folder $folder -Level 'WARN' -Message ([string] $warning) }
    $refused = @($problems | Where-Object { ($_ -is [System.Management.Automation.ErrorRecord]) -and ($_.FullyQualifiedErrorId -like 'ExchangeControl.*') })
    foreach ($problem in $refused) { Write-ScanLog -Folder $folder -Level 'WARN' -Message $problem.Exception.Message }
    if (($results.Count -eq 0) -and ($refused.Count -gt 0)) { throw "nothing could be tested: $($refused[0].Exception.Message)" }
    $counts = @($results | Group-Object -Property Status | Sort-Object -Property Name | ForEach-Object { "$($_.Count) $($_.Name)" })
    Write-ScanLog -Folder $folder -Level 'INFO' -Message "$($results.Count) results: $($counts -join ', ')"

    # json last: a scan that could not write all of its reports is none to compare with, and the trend has each scan once.
    $stamp = Get-ScanStamp $folder
    $inOrder = @($formats | Where-Object { $_ -ne 'json' }) + @($formats | Where-Object { $_ -eq 'json' })
    foreach ($name in $inOrder) {
        $report = @{ Path = [System.IO.Path]::Combine($folder, "ExchangeControl-$stamp$($extensions[$name])"); Format = $name; NoClobber = $true }
        foreach ($setting in 'ControlPath', 'Exception', 'Baseline') {
            if ($test.ContainsKey($setting)) { $report[$setting] = $test[$setting] }
        }
        if ($name -eq 'html') { $report['TrendPath'] = $folder }
        $results | Export-ExchangeControlReport @report
        Write-ScanLog -Folder $folder -Level 'INFO' -Message "wrote $($report['Path'])"
    }
    foreach ($name in $formats) {
        foreach ($old in @(Get-ScanReport -Folder $folder -Extension $extensions[$name] | Select-Object -Skip $kept)) {
            try {
                [System.IO.File]::Delete($old)
                Write-ScanLog -Folder $folder -Level 'INFO' -Message "removed $old"
            }
            catch { Write-ScanLog -Folder $folder -Level 'WARN' -Message "$old could not be removed: $($_.Exception.Message)" }
        }
    }
    $outcome = Get-ScanExitCode -Result $results -Refused $refused
    Write-ScanLog -Folder $folder -Level 'INFO' -Message "done, exit code $outcome"
    $exitCode = $outcome
}
catch {
    $message = "The scan was not done: $($_.Exception.Message)"
    [Console]::Error.WriteLine($message)
    if ($folder -ne '') {
        try { Write-ScanLog -Folder $folder -Level 'ERROR' -Message "$message Exit code 3." }
        catch { [Console]::Error.WriteLine("The log could not be written: $($_.Exception.Message)") }
    }
}
finally {
    if ($null -ne $session) { Remove-PSSession -Session $session -ErrorAction SilentlyContinue }
    if ($null -ne $lock) { $lock.Dispose() }
}
exit $exitCode
